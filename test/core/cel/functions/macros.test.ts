import { error, expectValues } from './values.ts';

expectValues('two variables', [
  ['G.my_map.exists(key, val, key == "foo" && val.size() == 2)', true],
  ['R.attr.tags.all(i, t, i < 2 && t != "c")', true],
  ['[1, 1].existsOne(i, v, v == 1)', false],
  ['["a", "b"].transformList(i, v, i + 1)', [1, 2]],
  ['["a", "b"].transformList(i, v, v == "b", i)', [1]],
  ['{"a": 1, "b": 2}.transformMap(k, v, v * 2)', { a: 2, b: 4 }],
  ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v)', { b: 2 }],
  ['[1, 2].exists(i, v, R.attr.missing || v == 2)', true],
  ['[1, 2].all(i, v, R.attr.missing || v == 2)', error],
]);
