import { error, expectValues } from './values.ts';

expectValues('format', [
  ['"%s is %d".format(["x", 3])', 'x is 3'],
  ['"%d".format([R.attr.amount])', '7'],
  ['"%d".format([0.5])', error],
  ['"%.2f|%.1e|%%".format([2.0, 1234.0])', '2.00|1.2e+03|%'],
  ['"%x %X %o %b".format([255, 255, 8, 5])', 'ff FF 10 101'],
  ['"%s".format([[1, "a", true, null, {"b": 2.5, "a": 1}]])', '[1, a, true, null, {a: 1, b: 2.5}]'],
  ['"%s %s".format([timestamp("2026-01-31T00:00:00Z"), duration("90s")])', '2026-01-31T00:00:00Z 90s'],
  ['"%s %s".format(["one"])', error],
  ['"%q".format(["one"])', error],
]);
