import { expectValues } from './functions/values.ts';

expectValues('optionals and bindings', [
  ['R.attr.?missing.orValue(3)', 3],
  ['optional.of(1).hasValue()', true],
  ['R.attr.?amount.value()', 7],
  ['cel.bind(x, R.attr.amount, x + x)', 14],
]);
