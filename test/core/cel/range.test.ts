import { error, expectValues } from './functions/values.ts';

expectValues('values stay in the range of their type', [
  ['-(-9223372036854775808)', error],
  ['-9223372036854775808 / -1', error],
  ['-9223372036854775808 / 1', '-9223372036854775808'],
  ['timestamp("9999-12-31T23:59:59Z") + duration("1s")', error],
  ['timestamp("0001-01-01T00:00:00Z") - duration("1s")', error],
  ['timestamp("9999-12-31T23:59:59Z") + duration("0s")', '9999-12-31T23:59:59Z'],
  ['timestamp("9999-12-31T23:59:59Z") - timestamp("0001-01-01T00:00:00Z")', error],
  ['timestamp("2026-01-02T00:00:00Z") - timestamp("2026-01-01T00:00:00Z")', '86400s'],
  ['duration("9223372036s") + duration("1s")', error],
]);

expectValues('conversions keep what they convert', [
  ['int(9223372036854775808.0)', error],
  ['int(-1e99)', error],
  ['int(1e18)', '1000000000000000000'],
  ['uint(18446744073709551616.0)', error],
  ['uint(-1.0)', error],
  ['uint(7.9)', 7],
  ['string(b"\\xff")', error],
  ['string(b"\\xc3\\xa9")', 'é'],
]);

expectValues('a uint is an index of a list', [
  ['[7, 8, 9][dyn(1u)]', 8],
  ['R.attr.tags[dyn(1u)]', 'b'],
  ['R.attr.tags[dyn(2u)]', error],
]);
