import { error, expectValues } from './values.ts';

expectValues('an int of a uint', [
  ['int(7u) + 1', 8],
  ['int(9223372036854775807u)', '9223372036854775807'],
  ['int(9223372036854775808u)', error],
]);

expectValues('the order of bytes', [
  ['b"ab" < b"b"', true],
  ['b"b" < b"ab"', false],
  ['b"a" < b"a"', false],
  ['b"a" <= b"a"', true],
  ['b"ab" > b"a"', true],
  ['b"a" >= b"ab"', false],
  ['b"\\xff" > b"\\x7f"', true],
  ['dyn(b"a") < b"b"', true],
]);
