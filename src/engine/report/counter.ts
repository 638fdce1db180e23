import type { Counts } from './report-data.ts';

/** Names that are told of each list; the tail of it tells nothing. */
const TOP = 20;
/** Names that are counted by themselves: they come from outside, and memory is not theirs to fill. */
const MOST_NAMES = 100_000;
const REST = '(others)';

/** Allows and denials by name. */
export class Counter {
  private readonly counts = new Map<string, { allowed: number; denied: number }>();

  add(name: string, allowed: boolean): void {
    const key = this.counts.has(name) || this.counts.size < MOST_NAMES ? name : REST;
    const count = this.counts.get(key) ?? { allowed: 0, denied: 0 };
    if (allowed) count.allowed += 1;
    else count.denied += 1;
    this.counts.set(key, count);
  }

  of(name: string): number {
    const { allowed, denied } = this.counts.get(name) ?? { allowed: 0, denied: 0 };
    return allowed + denied;
  }

  top(): Counts {
    const top = [...this.counts]
      .map(([name, count]) => ({ name, ...count }))
      .sort((a, b) => b.allowed + b.denied - (a.allowed + a.denied) || (a.name < b.name ? -1 : 1));
    return { top: top.slice(0, TOP), names: top.length };
  }

  /** All, by name. */
  all(): readonly (readonly [name: string, count: { readonly allowed: number; readonly denied: number }])[] {
    return [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
