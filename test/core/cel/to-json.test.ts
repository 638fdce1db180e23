import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';

test.each([
  ['1', 1],
  ['9007199254740993', '9007199254740993'],
  ['18446744073709551615u', '18446744073709551615'],
  ['2u', 2],
  ['0.5', 0.5],
  ['1.0 / 0.0', 'Infinity'],
  ['0.0 / 0.0', 'NaN'],
  ['null', null],
  ['b"hello"', 'aGVsbG8='],
  ['timestamp("2026-01-31T12:00:00.250Z")', '2026-01-31T12:00:00.25Z'],
  ['duration("1h0.5s")', '3600.5s'],
  ['{"a": [1, {"b": 2u}], "c": duration("1s")}', { a: [1, { b: 2 }], c: '1s' }],
  ['{1: "a"}', { '1': 'a' }],
  ['{"a": 1}.transformMap(k, v, v + 1)', { a: 2 }],
  ['optional.of(1)', 1],
  ['optional.none()', null],
  ['hierarchy("a.b")', 'a.b'],
  ['ip("::1")', '::1'],
  ['R.attr.tags', ['a', 'b']],
])('%s', (source, json) => {
  expect(evaluate(source)).toEqual(json);
});
