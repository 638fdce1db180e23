/** How many decisions with a value allowed, and denied. */
export interface Count {
  readonly value: string;
  readonly allowed: number;
  readonly denied: number;
}

/** The values that come most often, and what is known of the rest. */
export interface Top {
  readonly values: readonly Count[];
  /** Different values; at least so many where `missed` is not 0. */
  readonly distinct: number;
  /** Every count may be too low by so many, and a value of not more may be left out; 0: all is exact. */
  readonly missed: number;
}

/** Different values that are counted at a time: some ten MB. */
const KEPT_VALUES = 100_000;

/** Counts values in bounded memory: exactly up to so many different ones, beyond that with a bound on the error. */
export class TopValues {
  private counts = new Map<string, { allowed: number; denied: number }>();
  private atLeast = 0;
  private missed = 0;
  private readonly kept: number;

  constructor(kept: number = KEPT_VALUES) {
    this.kept = kept;
  }

  add({ value, allowed, denied }: Count): void {
    const count = this.counts.get(value);
    if (count === undefined) this.counts.set(value, { allowed, denied });
    else {
      count.allowed += allowed;
      count.denied += denied;
    }
    if (this.counts.size > 2 * this.kept) this.drop();
  }

  top(number: number): Top {
    const values = [...this.counts]
      .map(([value, count]): Count => ({ value, ...count }))
      .sort((one, other) => total(other) - total(one) || (one.value < other.value ? -1 : 1));
    return {
      values: values.slice(0, number),
      distinct: Math.max(values.length, this.atLeast),
      missed: this.missed,
    };
  }

  /** The rarest half goes; none of it was there more often than the most frequent one that goes. */
  private drop(): void {
    const byTotal = [...this.counts].sort(([, one], [, other]) => total(other) - total(one));
    const rare = byTotal[this.kept];
    this.missed += rare === undefined ? 0 : total(rare[1]);
    this.atLeast = Math.max(this.atLeast, byTotal.length);
    this.counts = new Map(byTotal.slice(0, this.kept));
  }
}

function total({ allowed, denied }: { readonly allowed: number; readonly denied: number }): number {
  return allowed + denied;
}
