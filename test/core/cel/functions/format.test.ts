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
  ['"%.0f %.0f %.0f %.0f".format([0.5, 1.5, 2.5, -2.5])', '0 2 2 -2'],
  ['"%.2f %.2f %.1f".format([2.675, 0.125, 0.35])', '2.67 0.12 0.3'],
  ['"%d %d".format([double("NaN"), double("-Infinity")])', 'NaN -Infinity'],
  ['"%s %s".format([type("a"), type(1u)])', 'string uint'],
  ['"%q".format(["one"])', error],
]);
