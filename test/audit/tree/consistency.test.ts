import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consistencyPath, isConsistent } from '../../../src/audit/tree/consistency.ts';
import { leafHash } from '../../../src/audit/tree/merkle-hash.ts';
import { rootOf } from '../../../src/audit/tree/subtrees.ts';
import { leaves, proof, subtreesIn, treeHash } from './rfc9162.ts';

const data = leaves(300);
const source = subtreesIn(data);
const head = (size: number) => ({ size, root: treeHash(data.slice(0, size)) });
const sizes = fc
  .integer({ min: 2, max: data.length })
  .chain((size) => fc.record({ size: fc.constant(size), older: fc.integer({ min: 1, max: size - 1 }) }));
const RUNS = { seed: 11, numRuns: 60 };

test('a path is that of the recursion of RFC 9162, for every two sizes of small trees', () => {
  for (let size = 1; size <= 17; size += 1) {
    expect(rootOf(source, size)).toBe(treeHash(data.slice(0, size)));
    for (let older = 1; older <= size; older += 1) {
      const found = consistencyPath(source, older, size);
      expect(found).toEqual(proof(older, data.slice(0, size)));
      expect(isConsistent(head(older), head(size), found)).toBe(true);
    }
  }
});

test('and for larger ones', () => {
  fc.assert(
    fc.property(sizes, ({ size, older }) => {
      const found = consistencyPath(source, older, size);
      expect(found).toEqual(proof(older, data.slice(0, size)));
      expect(isConsistent(head(older), head(size), found)).toBe(true);
    }),
    RUNS,
  );
});

test('nothing else is consistent by the path', () => {
  const other = leafHash(Buffer.from('another'));
  fc.assert(
    fc.property(sizes, fc.nat(), ({ size, older }, n) => {
      const found = consistencyPath(source, older, size);
      expect(isConsistent({ size: older, root: other }, head(size), found)).toBe(false);
      expect(isConsistent(head(older), { size, root: other }, found)).toBe(false);
      expect(isConsistent(head(size), head(older), found)).toBe(false);
      const wrong = 1 + (n % (size - 1));
      if (wrong !== older) expect(isConsistent({ ...head(older), size: wrong }, head(size), found)).toBe(false);
      expect(isConsistent(head(older), head(size), [...found, other])).toBe(false);
      expect(isConsistent(head(older), head(size), [])).toBe(false);
      expect(isConsistent(head(older), head(size), found.slice(0, -1))).toBe(false);
      expect(isConsistent(head(older), head(size), found.with(n % found.length, other))).toBe(false);
    }),
    RUNS,
  );
});

test('a tree goes on from the empty one, and from itself, without a path', () => {
  const empty = head(0);
  expect(rootOf(source, 0)).toBe(empty.root);
  expect(consistencyPath(source, 0, 5)).toEqual([]);
  expect(consistencyPath(source, 5, 5)).toEqual([]);
  expect(isConsistent(empty, head(5), [])).toBe(true);
  expect(isConsistent(head(5), head(5), [])).toBe(true);
  expect(isConsistent(head(5), { ...head(5), root: head(4).root }, [])).toBe(false);
  expect(isConsistent({ size: 0, root: head(1).root }, head(5), [])).toBe(false);
  expect(isConsistent(empty, head(5), [head(1).root])).toBe(false);
  expect(isConsistent(head(5), head(5), [head(1).root])).toBe(false);
});
