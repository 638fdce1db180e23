import type { DecisionEntry, DecisionLog } from '../audit/log.ts';

/** A distribution as Prometheus counts it. */
export interface Histogram {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** Observations in each of them alone, and above the last one. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Seconds: deciding takes tens of microseconds, a write to the disk milliseconds. */
const SECONDS = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
/** Delegations of a chain; longer ones are rare. */
const HOPS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 16];

/** What was decided since the start, counted as it is recorded. Nothing in here names anybody. */
export class DecisionMeters {
  /** By `allow` or `deny` and the reported reason, `allow allowed`. */
  readonly decisions = new Map<string, number>();
  readonly deciding: Histogram;
  readonly recording: Histogram;
  readonly hops: Histogram;
  /** Decisions that were answered otherwise, as their caller only observes. */
  observed = 0;
  /** Records that the log did not take: their questions were answered 503. */
  unrecorded = 0;
  private readonly counted = { deciding: new Counts(SECONDS), recording: new Counts(SECONDS), hops: new Counts(HOPS) };
  /** When each record that waits was handed over, in that order. */
  private readonly waiting = new Set<{ readonly since: number }>();
  private readonly now: () => number;

  /** @param now milliseconds, which never go back */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
    this.deciding = this.counted.deciding;
    this.recording = this.counted.recording;
    this.hops = this.counted.hops;
  }

  /** Seconds that the oldest of the records that wait has waited; 0 where none does. */
  get oldestWaitingS(): number {
    const [oldest] = this.waiting;
    return oldest === undefined ? 0 : (this.now() - oldest.since) / 1000;
  }

  /** Counts what goes through a log. */
  async append<T>(entry: DecisionEntry, append: () => Promise<T>): Promise<T> {
    const mark = { since: this.now() };
    this.waiting.add(mark);
    try {
      const appended = await append();
      this.count(entry, (this.now() - mark.since) / 1000);
      return appended;
    } catch (fault) {
      this.unrecorded += 1;
      throw fault;
    } finally {
      this.waiting.delete(mark);
    }
  }

  private count({ decision, enforced, latencyUs }: DecisionEntry, recordingS: number): void {
    const key = `${decision.allowed ? 'allow' : 'deny'} ${decision.reason}`;
    this.decisions.set(key, (this.decisions.get(key) ?? 0) + 1);
    if (enforced !== decision.allowed) this.observed += 1;
    this.counted.deciding.observe(latencyUs / 1e6);
    this.counted.recording.observe(recordingS);
    // Principal, edge, principal, …
    if (decision.chain !== undefined) this.counted.hops.observe(decision.chain.steps.length >> 1);
  }
}

/** A log that counts what is recorded in it. */
export function meteredLog(log: DecisionLog, meters: DecisionMeters): DecisionLog {
  return {
    append: (entry) => meters.append(entry, () => log.append(entry)),
    get: (id) => log.get(id),
    has: (id) => log.has(id),
    list: (filter, page) => log.list(filter, page),
    summarize: (filter, options, nextTurn) => log.summarize(filter, options, nextTurn),
    get state() {
      return log.state;
    },
    close: () => log.close(),
  };
}

class Counts implements Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const found = this.bounds.findIndex((bound) => value <= bound);
    const index = found < 0 ? this.bounds.length : found;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }
}
