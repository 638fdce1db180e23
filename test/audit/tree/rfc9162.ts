import { createHash } from 'node:crypto';
import { leafHash, nodeHash } from '../../../src/audit/tree/merkle-hash.ts';
import type { Subtrees } from '../../../src/audit/tree/subtrees.ts';

/** RFC 9162, section 2.1, word for word as recursions over all leaves: slow, and what the quick forms must equal. */

const sha256 = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

export function treeHash(d: readonly Uint8Array[]): string {
  const [only] = d;
  if (only === undefined) return sha256();
  if (d.length === 1) return sha256(Buffer.of(0), only);
  const k = split(d.length);
  return sha256(Buffer.of(1), bytes(treeHash(d.slice(0, k))), bytes(treeHash(d.slice(k))));
}

export function path(m: number, d: readonly Uint8Array[]): readonly string[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k
    ? [...path(m, d.slice(0, k)), treeHash(d.slice(k))]
    : [...path(m - k, d.slice(k)), treeHash(d.slice(0, k))];
}

export function proof(m: number, d: readonly Uint8Array[]): readonly string[] {
  return subproof(m, d, true);
}

function subproof(m: number, d: readonly Uint8Array[], b: boolean): readonly string[] {
  if (m === d.length) return b ? [] : [treeHash(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), b), treeHash(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), treeHash(d.slice(0, k))];
}

/** The leaves 0, 1, 2, …, each two bytes. */
export function leaves(count: number): Buffer[] {
  return Array.from({ length: count }, (_, n) => Buffer.of(n >> 8, n & 255));
}

/** Subtrees of leaves in memory. */
export function subtreesIn(d: readonly Uint8Array[]): Subtrees {
  const known = new Map<string, string>();
  const subtree = (level: number, index: number): string => {
    const key = `${level}/${index}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const leaf = d[index];
    if (level === 0 && leaf === undefined) throw new Error(`there is no leaf ${index}`);
    const hash =
      level === 0 && leaf !== undefined
        ? leafHash(leaf)
        : nodeHash(subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1));
    known.set(key, hash);
    return hash;
  };
  return { subtree };
}
