import type { DelegationNode } from './node.ts';

/** Fewest hops first, then smallest id: the order in which chains are tried (design, section 1). */
function precedes(a: DelegationNode, b: DelegationNode): boolean {
  if (a.chain.length !== b.chain.length) return a.chain.length < b.chain.length;
  return a.delegation.id < b.delegation.id;
}

/** Delegations to one holder for one origin, kept in the order in which they are tried. */
export class NodeList {
  private readonly current: DelegationNode[] = [];
  /** Over before the newest was made: set aside so that short-lived grants do not slow down every later check. */
  private readonly lapsed: DelegationNode[] = [];
  private lapsedUntil = Number.NEGATIVE_INFINITY;
  private readonly dead: DelegationNode[] = [];

  /** All that may be alive at `now` (ms): none that is left out is. */
  aliveAt(now: number): readonly DelegationNode[] {
    // Only a question about the past can still find one of those set aside alive.
    return now >= this.lapsedUntil ? this.current : mergeInOrder(this.current, this.lapsed);
  }

  /** Those revoked or over, newest first where hops are equal: what a denial tells about. */
  past(): readonly DelegationNode[] {
    return [...this.dead, ...this.lapsed].sort((a, b) => {
      if (a.chain.length !== b.chain.length) return a.chain.length - b.chain.length;
      return a.delegation.id < b.delegation.id ? 1 : -1;
    });
  }

  *all(): Iterable<DelegationNode> {
    yield* this.current;
    yield* this.lapsed;
    yield* this.dead;
  }

  add(node: DelegationNode): void {
    if (node.revoked !== undefined) {
      this.dead.push(node);
      return;
    }
    this.setLapsedAside(node.delegation.created_at);
    insertInOrder(this.current, node);
  }

  /** Moves a node that was revoked out of what is tried. */
  retire(node: DelegationNode): void {
    for (const list of [this.current, this.lapsed]) {
      const at = list.indexOf(node);
      if (at >= 0) {
        list.splice(at, 1);
        this.dead.push(node);
      }
    }
  }

  private setLapsedAside(now: number): void {
    if (!this.current.some((node) => node.expiresAt <= now)) return;
    for (const node of this.current.filter((one) => one.expiresAt <= now)) {
      insertInOrder(this.lapsed, node);
      this.lapsedUntil = Math.max(this.lapsedUntil, node.expiresAt);
    }
    const left = this.current.filter((one) => one.expiresAt > now);
    this.current.splice(0, this.current.length, ...left);
  }
}

/** Merges two ordered lists into one. */
export function mergeInOrder(a: readonly DelegationNode[], b: readonly DelegationNode[]): readonly DelegationNode[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: DelegationNode[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const x = a[i];
    const y = b[j];
    if (x === undefined) return merged.concat(b.slice(j));
    if (y === undefined) return merged.concat(a.slice(i));
    if (precedes(x, y)) {
      merged.push(x);
      i++;
    } else {
      merged.push(y);
      j++;
    }
  }
}

function insertInOrder(list: DelegationNode[], node: DelegationNode): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = list[middle];
    if (other !== undefined && precedes(other, node)) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, node);
}
