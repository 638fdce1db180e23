import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bags } from '../../../src/core/relationships/bags.ts';

/** Few sets and many values, so that each gets wide and narrow again. */
const act = fc.record({
  bag: fc.nat(2),
  value: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -40, max: 40 }) }, fc.integer({ min: -(2 ** 31) + 1 })),
  place: fc.nat(),
});

describe('Bags', () => {
  it('hold what sets hold, in the order of putting in while they are narrow', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300, size: 'max' }), (acts) => {
        const bags = new Bags();
        const heads = new Int32Array(6);
        const expected: number[][] = [[], [], []];
        for (const { bag, value, place } of acts) {
          const values = expected[bag] ?? [];
          const at = bag * 2;
          const before = values.indexOf(value);
          expect(bags.has(heads, at, value)).toBe(before >= 0);
          if (before >= 0) {
            const wasWide = bags.isWide(heads, at);
            bags.delete(heads, at, value);
            values.splice(before, 1);
            if (wasWide && !bags.isWide(heads, at)) {
              expect(bags.values(heads, at).sort()).toEqual([...values].sort());
              bags.reorder(heads, at, values);
            }
          } else {
            const where = place % (values.length + 1);
            bags.insert(heads, at, value, where);
            values.splice(where, 0, value);
          }
          for (const [index, all] of expected.entries()) {
            expect(heads[index * 2 + 1]).toBe(all.length);
            const found = bags.values(heads, index * 2);
            if (bags.isWide(heads, index * 2)) expect(found.sort()).toEqual([...all].sort());
            else expect(found).toEqual(all);
          }
        }
      }),
      { seed: 20261124, numRuns: 25 },
    );
  });

  it('grow to many values and shrink again, using the room once more', () => {
    const bags = new Bags();
    const heads = new Int32Array(2);
    for (let round = 0; round < 3; round++) {
      for (let value = 0; value < 5000; value++) bags.insert(heads, 0, value * 64 - 9, 0);
      for (let value = 0; value < 5000; value++) expect(bags.has(heads, 0, value * 64 - 9)).toBe(true);
      expect(bags.has(heads, 0, 7)).toBe(false);
      for (let value = 0; value < 5000; value++) bags.delete(heads, 0, value * 64 - 9);
      expect(bags.values(heads, 0)).toEqual([]);
    }
    expect(bags.size).toBeLessThan(5000 * 8);
  });
});
