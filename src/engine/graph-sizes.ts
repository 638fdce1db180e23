import type { Ledger } from './ledger.ts';

/** How much there is in the graph. */
export interface GraphSizes {
  readonly entities: number;
  readonly relationships: number;
  /** Neither revoked nor out of their time, nor below one that is; and all that were ever made. */
  readonly delegations: { readonly live: number; readonly all: number };
  readonly callers: number;
}

/** Milliseconds that sizes are good for: counting goes through everything, and whoever asks may ask often. */
const GOOD_FOR_MS = 1000;

/** Counts what is in the graph, at most once a second. */
export class GraphCounter {
  private readonly ledger: Ledger;
  private counted: { readonly sizes: GraphSizes; readonly at: number } | undefined;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  get sizes(): GraphSizes {
    const at = performance.now();
    if (this.counted === undefined || at - this.counted.at >= GOOD_FOR_MS) {
      this.counted = { sizes: sizesOf(this.ledger), at };
    }
    return this.counted.sizes;
  }
}

function sizesOf(ledger: Ledger): GraphSizes {
  const { snapshot } = ledger;
  const now = ledger.now();
  let live = 0;
  let all = 0;
  for (const { revoked, notBefore, expiresAt } of snapshot.delegations.all()) {
    all += 1;
    if (revoked === undefined && notBefore <= now && now < expiresAt) live += 1;
  }
  return {
    entities: count(snapshot.registered()),
    relationships: snapshot.tuples.size,
    delegations: { live, all },
    callers: count(ledger.callers()),
  };
}

function count(things: Iterable<unknown>): number {
  let counted = 0;
  for (const _ of things) counted += 1;
  return counted;
}
