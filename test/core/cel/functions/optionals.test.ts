import { error, expectValues } from './values.ts';

expectValues('equality of optionals', [
  ['optional.of(1) == optional.of(1)', true],
  ['optional.of(R.attr.amount) == optional.of(7)', true],
  ['optional.of(1) != optional.of(2)', true],
  ['optional.none() == optional.none()', true],
  ['optional.none() == optional.of(1)', false],
  ['optional.of("1") == optional.of(1)', false],
]);

expectValues('ofNonZeroValue', [
  ...['null', 'false', '0', '0u', '0.0', '-0.0', '""', 'b""', '[]', '{}', 'duration("0s")', 'optional.none()'].map(
    (zero) => [`optional.ofNonZeroValue(${zero}).hasValue()`, false] as const,
  ),
  ['optional.ofNonZeroValue(timestamp("0001-01-01T00:00:00Z")).hasValue()', false],
  ...['true', '-1', '1u', '0.5', '" "', 'b"0"', '[0]', '{"a": null}', 'duration("1ns")', 'R.attr.amount'].map(
    (value) => [`optional.ofNonZeroValue(${value}).hasValue()`, true] as const,
  ),
  ['optional.ofNonZeroValue(timestamp("1970-01-01T00:00:00Z")).hasValue()', true],
]);

expectValues('optMap and optFlatMap', [
  ['R.attr.?amount.optMap(x, x + x).value()', 14],
  ['R.attr.?missing.optMap(x, x + x).hasValue()', false],
  ['R.attr.?amount.optMap(x, R.attr.?missing.optMap(y, x + y).orValue(x)).value()', 7],
  ['R.attr.?amount.optMap(x, x.nosuch).hasValue()', error],
  ['[1, 2].map(n, optional.of(n).optMap(x, x + n).value())', [2, 4]],
  ['R.attr.?args.optFlatMap(x, x.?amount).value()', 5],
  ['R.attr.?args.optFlatMap(x, x.?nosuch).hasValue()', false],
  ['R.attr.?args.optFlatMap(x, x.amount).hasValue()', error],
  ['dyn(1).optMap(x, x)', error],
]);

expectValues('selection through an optional', [
  ['R.attr.?args.amount.value()', 5],
  ['R.attr.?args.nosuch.hasValue()', false],
  ['R.attr.?missing.amount.hasValue()', false],
  ['R.attr.?tags[0].value()', 'a'],
  ['R.attr.?none.amount.hasValue()', error],
  ['R.attr.?amount.nosuch.hasValue()', error],
  ['R.attr.?amount.?nosuch.hasValue()', error],
]);
