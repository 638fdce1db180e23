import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inclusionPath, isIncluded } from '../../../src/audit/tree/inclusion.ts';
import { leafHash } from '../../../src/audit/tree/merkle-hash.ts';
import { leaves, path, subtreesIn, treeHash } from './rfc9162.ts';

const data = leaves(300);
const source = subtreesIn(data);
const leaf = (index: number): string => leafHash(data[index] ?? Buffer.alloc(0));
const place = fc
  .integer({ min: 1, max: data.length })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }));
const RUNS = { seed: 7, numRuns: 60 };

test('a path is that of the recursion of RFC 9162, for every leaf of small trees', () => {
  for (let size = 1; size <= 17; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const found = inclusionPath(source, index, size);
      expect(found).toEqual(path(index, data.slice(0, size)));
      expect(isIncluded(leaf(index), index, { size, root: treeHash(data.slice(0, size)) }, found)).toBe(true);
    }
  }
});

test('and for larger ones', () => {
  fc.assert(
    fc.property(place, ({ size, index }) => {
      const part = data.slice(0, size);
      const found = inclusionPath(source, index, size);
      expect(found).toEqual(path(index, part));
      expect(isIncluded(leaf(index), index, { size, root: treeHash(part) }, found)).toBe(true);
    }),
    RUNS,
  );
});

test('nothing else is included by the path: no other leaf, place, root, and no other path', () => {
  const other = leafHash(Buffer.from('another'));
  fc.assert(
    fc.property(place, fc.nat(), ({ size, index }, n) => {
      const root = treeHash(data.slice(0, size));
      const found = inclusionPath(source, index, size);
      const tree = { size, root };
      expect(isIncluded(other, index, tree, found)).toBe(false);
      expect(isIncluded(leaf(index), index, { size, root: other }, found)).toBe(false);
      const elsewhere = n % size;
      if (elsewhere !== index) expect(isIncluded(leaf(index), elsewhere, tree, found)).toBe(false);
      for (const place of [-1, size, index + 0.5, Number.NaN]) {
        expect(isIncluded(leaf(index), place, tree, found)).toBe(false);
      }
      expect(isIncluded(leaf(index), index, tree, [...found, other])).toBe(false);
      expect(isIncluded(leaf(index), index, tree, [other, ...found])).toBe(false);
      if (found.length > 0) {
        expect(isIncluded(leaf(index), index, tree, found.slice(1))).toBe(false);
        expect(isIncluded(leaf(index), index, tree, found.slice(0, -1))).toBe(false);
        expect(isIncluded(leaf(index), index, tree, found.with(n % found.length, other))).toBe(false);
      }
    }),
    RUNS,
  );
});
