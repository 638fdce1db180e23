import { err, ok, type Result } from '../../core/result.ts';
import { EMPTY_ROOT, HASH, type Hash, nodeHash } from './merkle-hash.ts';

/** Hears of each subtree that became complete: node `index` from the left of those with 2^level leaves. */
export type Completed = (level: number, index: number, hash: Hash) => void;

/**
 * The right edge of a Merkle tree (RFC 9162, section 2.1): the roots of the complete subtrees that its leaves divide
 * into, one for each one in the binary form of their number, the largest first. It is all that is needed to append and
 * to know the root, and stands in the header of each segment for the records before it.
 */
export class Frontier {
  private leaves: number;
  private readonly roots: Hash[];

  private constructor(size: number, roots: readonly Hash[]) {
    this.leaves = size;
    this.roots = [...roots];
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** The frontier of `size` leaves from the roots that `subtrees` gave; or why they cannot be that. */
  static parse(size: number, roots: readonly unknown[]): Result<Frontier, string> {
    if (!Number.isSafeInteger(size) || size < 0) return err(`${size} is no number of records`);
    const expected = ones(size);
    if (roots.length !== expected) {
      return err(`the frontier of ${size} records has ${expected} hashes, not ${roots.length}`);
    }
    const wrong = roots.find((root) => typeof root !== 'string' || !HASH.test(root));
    if (wrong !== undefined) return err(`${JSON.stringify(wrong)} in the frontier is no SHA-256 hash`);
    return ok(new Frontier(size, roots as readonly Hash[]));
  }

  /** How many leaves there are. */
  get size(): number {
    return this.leaves;
  }

  /** The roots of the complete subtrees, left to right. */
  get subtrees(): readonly Hash[] {
    return [...this.roots];
  }

  copy(): Frontier {
    return new Frontier(this.leaves, this.roots);
  }

  /** Appends a leaf by its hash; `completed` hears of the leaf, then of every larger subtree that it completes. */
  append(leaf: Hash, completed?: Completed): void {
    let hash = leaf;
    let level = 0;
    let index = this.leaves;
    completed?.(level, index, hash);
    while (index % 2 === 1) {
      const left = this.roots.pop();
      if (left === undefined) throw new Error(`a frontier of ${this.leaves} leaves lacks a subtree`);
      hash = nodeHash(left, hash);
      level += 1;
      index = (index - 1) / 2;
      completed?.(level, index, hash);
    }
    this.roots.push(hash);
    this.leaves += 1;
  }

  /** The Merkle tree hash of all leaves. */
  root(): Hash {
    const [last, ...others] = this.roots.toReversed();
    return last === undefined ? EMPTY_ROOT : others.reduce((right, left) => nodeHash(left, right), last);
  }
}

/** The complete subtrees that `size` leaves divide into, left to right. */
export function subtreesOf(size: number): readonly { readonly level: number; readonly index: number }[] {
  const found: { level: number; index: number }[] = [];
  let level = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) found.unshift({ level, index: rest - 1 });
    level += 1;
  }
  return found;
}

function ones(size: number): number {
  return subtreesOf(size).length;
}
