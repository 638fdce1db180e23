import { EMPTY_ROOT, type Hash, nodeHash } from './merkle-hash.ts';
import { rangeHash, type Subtrees, splitOf } from './subtrees.ts';

export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

/**
 * The hashes that show that the tree of `size` leaves goes on from the one of its first `older` (RFC 9162, section
 * 2.1.4.1). Empty where there is nothing to show: for the same tree, and from the empty one. `older` is at most `size`.
 */
export function consistencyPath(source: Subtrees, older: number, size: number): readonly Hash[] {
  if (older === 0) return [];
  const path: Hash[] = [];
  let start = 0;
  let end = size;
  let whole = true;
  while (older < end) {
    const middle = start + splitOf(end - start);
    if (older <= middle) {
      path.unshift(rangeHash(source, middle, end));
      end = middle;
    } else {
      path.unshift(rangeHash(source, start, middle));
      start = middle;
      whole = false;
    }
  }
  // The older tree's own root needs no saying.
  return whole ? path : [rangeHash(source, start, end), ...path];
}

/** Whether the path shows that `newer` holds all leaves of `older`, unchanged and first (section 2.1.4.2). */
export function isConsistent(older: TreeHead, newer: TreeHead, path: readonly Hash[]): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return path.length === 0 && older.root === newer.root;
  if (older.size === 0) return path.length === 0 && older.root === EMPTY_ROOT;
  let node = older.size - 1;
  let last = newer.size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // Only for a power of two is the older root a node of the newer tree.
  const [first, ...rest] = node === 0 ? [older.root, ...path] : path;
  if (first === undefined || path.length === 0) return false;
  let olderRoot = first;
  let newerRoot = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      olderRoot = nodeHash(hash, olderRoot);
      newerRoot = nodeHash(hash, newerRoot);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newerRoot = nodeHash(newerRoot, hash);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && olderRoot === older.root && newerRoot === newer.root;
}
