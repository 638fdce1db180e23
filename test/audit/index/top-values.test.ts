import { expect, test } from 'vitest';
import { TopValues } from '../../../src/audit/index/top-values.ts';

test('the most frequent first, then by name; exact as long as there are few', () => {
  const values = new TopValues();
  for (const value of ['b', 'a', 'c', 'b', 'c', 'c', 'a']) values.add({ value, allowed: 1, denied: 0 });
  values.add({ value: 'a', allowed: 0, denied: 1 });
  expect(values.top(2)).toEqual({
    values: [
      { value: 'a', allowed: 2, denied: 1 },
      { value: 'c', allowed: 3, denied: 0 },
    ],
    distinct: 3,
    missed: 0,
  });
});

test('with more than can be kept, says by how much counts may be too low', () => {
  const values = new TopValues(10);
  for (let turn = 0; turn < 50; turn += 1) {
    values.add({ value: 'often', allowed: 1, denied: 1 });
    for (let n = 0; n < 5; n += 1) values.add({ value: `${turn}.${n}`, allowed: 1, denied: 0 });
  }
  const { values: top, distinct, missed } = values.top(1);
  const [often] = top;
  expect(often?.value).toBe('often');
  expect(missed).toBeGreaterThan(0);
  expect((often?.allowed ?? 0) + (often?.denied ?? 0) + missed).toBeGreaterThanOrEqual(100);
  expect(distinct).toBeGreaterThanOrEqual(21);
});
