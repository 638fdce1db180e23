import { EMPTY_ROOT, type Hash, nodeHash } from './merkle-hash.ts';

/** Where proofs find the hashes that they are made of. */
export interface Subtrees {
  /**
   * The root of the complete subtree over the leaves from `index * 2^level` up to `(index + 1) * 2^level`.
   *
   * @throws where it is not kept, or cannot be read.
   */
  subtree(level: number, index: number): Hash;
}

/** The largest power of two below `size`, which is at least 2: where RFC 9162, section 2.1.1, divides a tree. */
export function splitOf(size: number): number {
  let power = 1;
  while (2 * power < size) power *= 2;
  return power;
}

/** The Merkle tree hash of the first `size` leaves. */
export function rootOf(source: Subtrees, size: number): Hash {
  return size === 0 ? EMPTY_ROOT : rangeHash(source, 0, size);
}

/**
 * The Merkle tree hash of the leaves from `start` up to `end`: a range that dividing a tree leads to, so `start` is a
 * multiple of the least power of two that is not below its length.
 */
export function rangeHash(source: Subtrees, start: number, end: number): Hash {
  const size = end - start;
  if (size === 1) return source.subtree(0, start);
  const split = splitOf(size);
  if (2 * split === size) return source.subtree(Math.log2(size), start / size);
  return nodeHash(source.subtree(Math.log2(split), start / split), rangeHash(source, start + split, end));
}
