import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitset } from '../../../src/audit/index/bitset.ts';

const numbers = fc.array(fc.nat(199), { maxLength: 60 });

function setOf(members: readonly number[]): Bitset {
  const set = new Bitset(200);
  for (const member of members) set.add(member);
  return set;
}

function sorted(members: Iterable<number>): number[] {
  return [...new Set(members)].sort((a, b) => a - b);
}

test('is a set of numbers', () => {
  fc.assert(
    fc.property(numbers, numbers, fc.nat(200), (one, other, bound) => {
      const set = setOf(one);
      const all = sorted(one);
      expect([...set.upFrom(0)]).toEqual(all);
      expect([...set.upFrom(bound)]).toEqual(all.filter((number) => number >= bound));
      expect([...set.downFrom(bound)]).toEqual(all.filter((number) => number < bound).reverse());
      expect(set.count).toBe(all.length);
      expect(set.isEmpty).toBe(all.length === 0);
      expect(set.has(bound)).toBe(all.includes(bound));
      set.intersect(setOf(other));
      const both = all.filter((number) => other.includes(number));
      expect([...set.upFrom(0)]).toEqual(both);
      set.remove(both[0] ?? 0);
      expect([...set.upFrom(0)]).toEqual(both.slice(1));
    }),
    { seed: 3 },
  );
});
