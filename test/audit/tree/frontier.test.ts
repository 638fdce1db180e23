import { describe, expect, test } from 'vitest';
import { Frontier, subtreesOf } from '../../../src/audit/tree/frontier.ts';
import { leafHash, recordLeaf } from '../../../src/audit/tree/merkle-hash.ts';
import { leaves, treeHash } from './rfc9162.ts';

function grown(data: readonly Uint8Array[]): Frontier {
  const frontier = Frontier.empty();
  for (const leaf of data) frontier.append(leafHash(leaf));
  return frontier;
}

/** The inputs of Certificate Transparency's reference tests, and the roots that they have there. */
const CT_INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT_ROOTS: readonly (readonly [size: number, root: string])[] = [
  [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
];

test.each(CT_ROOTS)('the root of %i known leaves is the published one', (size, root) => {
  const data = CT_INPUTS.slice(0, size).map((hex) => Buffer.from(hex, 'hex'));
  expect(treeHash(data)).toBe(root);
  expect(grown(data).root()).toBe(root);
});

test('the root is that of the recursion of RFC 9162, for every size', () => {
  const data = leaves(70);
  const frontier = Frontier.empty();
  for (const [size, leaf] of data.entries()) {
    expect(frontier.size).toBe(size);
    expect(frontier.root()).toBe(treeHash(data.slice(0, size)));
    frontier.append(leafHash(leaf));
  }
});

test('every complete subtree is told once, when it is complete', () => {
  const data = leaves(21);
  const told: string[] = [];
  const frontier = Frontier.empty();
  for (const leaf of data) {
    frontier.append(leafHash(leaf), (level, index, hash) => {
      const end = (index + 1) * 2 ** level;
      expect(end).toBe(frontier.size + 1);
      expect(hash).toBe(treeHash(data.slice(end - 2 ** level, end)));
      told.push(`${level}/${index}`);
    });
  }
  const expected = [21, 10, 5, 2, 1].flatMap((count, level) =>
    Array.from({ length: count }, (_, index) => `${level}/${index}`),
  );
  expect(told.sort()).toEqual(expected.sort());
});

test('a frontier goes on from its hashes as if it had never stopped', () => {
  const data = leaves(60);
  for (let size = 0; size < data.length; size += 1) {
    const parsed = Frontier.parse(size, grown(data.slice(0, size)).subtrees);
    if (!parsed.ok) throw new Error(parsed.error);
    for (const leaf of data.slice(size)) parsed.value.append(leafHash(leaf));
    expect(parsed.value.root()).toBe(treeHash(data));
  }
});

test('a copy goes its own way', () => {
  const frontier = grown(leaves(5));
  const copy = frontier.copy();
  copy.append(leafHash(Buffer.of(9)));
  expect([frontier.size, frontier.root()]).toEqual([5, treeHash(leaves(5))]);
  expect(copy.size).toBe(6);
});

describe('what is no frontier says why', () => {
  const hash = 'a'.repeat(64);
  test.each([
    [3, [hash], 'the frontier of 3 records has 2 hashes, not 1'],
    [0, [hash], 'the frontier of 0 records has 0 hashes, not 1'],
    [1, [hash.toUpperCase()], `"${hash.toUpperCase()}" in the frontier is no SHA-256 hash`],
    [2, [7], '7 in the frontier is no SHA-256 hash'],
    [-1, [], '-1 is no number of records'],
    [1.5, [hash], '1.5 is no number of records'],
  ])('%s, %j', (size, roots, error) => {
    expect(Frontier.parse(size, roots)).toEqual({ ok: false, error });
  });
});

test('beyond 32 bits sizes still divide rightly', () => {
  expect(subtreesOf(2 ** 40 + 5)).toEqual([
    { level: 40, index: 0 },
    { level: 2, index: 2 ** 38 },
    { level: 0, index: 2 ** 40 + 4 },
  ]);
});

test('the leaf of a record is the leaf hash of the bytes of its hash', () => {
  const sha256 = '0123456789abcdef'.repeat(4);
  expect(recordLeaf(sha256)).toBe(leafHash(Buffer.from(sha256, 'hex')));
});
