import { type Hash, nodeHash } from './merkle-hash.ts';
import { rangeHash, type Subtrees, splitOf } from './subtrees.ts';

/**
 * The hashes that lead from the leaf `index` (from 0) to the root of the tree of `size` leaves, the lowest first
 * (RFC 9162, section 2.1.3.1). `index` is below `size`.
 */
export function inclusionPath(source: Subtrees, index: number, size: number): readonly Hash[] {
  const path: Hash[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      path.unshift(rangeHash(source, middle, end));
      end = middle;
    } else {
      path.unshift(rangeHash(source, start, middle));
      start = middle;
    }
  }
  return path;
}

/** Whether the path shows that `leaf` is the leaf `index` of the tree with that size and root (section 2.1.3.2). */
export function isIncluded(
  leaf: Hash,
  index: number,
  tree: { readonly size: number; readonly root: Hash },
  path: readonly Hash[],
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) return false;
  let hash = leaf;
  let node = index;
  let last = tree.size - 1;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      // The last node of a level without a right sibling stands for itself one level up.
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hash === tree.root;
}
