import type { Caller } from '../callers/caller.ts';
import { type Failure, failure } from './failure.ts';

/** Seconds of its rate that a caller may use at once, after it was quiet for as long. */
const BURST_SECONDS = 2;

interface Balance {
  /** Records that it may still have written; below zero what it has had on credit. */
  records: number;
  /** Milliseconds of `now` at which that was so. */
  at: number;
}

/**
 * How many records each caller may have written in a second: a token bucket for each, so that a flood of questions of one
 * caller, which are all recorded whatever the answer is, takes neither the disk nor the log from the others.
 *
 * Callers that administer or audit are not held back: they are the ones who look after a flood.
 */
export class LogRate {
  /** Requests that were refused, by caller. */
  readonly refused = new Map<string, number>();
  private readonly perSecond: number;
  private readonly now: () => number;
  private readonly balances = new Map<string, Balance>();

  /** @param now milliseconds, which never go back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.perSecond = perSecond;
    this.now = now;
  }

  /**
   * Takes `records` of what the caller has, or says that it has to wait. Whoever has any left gets all it asks for, on
   * credit, so that the size of a batch is not a question of luck; it then waits the longer.
   */
  take(caller: Caller, records: number): Failure | undefined {
    if (caller.roles.includes('administer') || caller.roles.includes('audit')) return undefined;
    const balance = this.balanceOf(caller.id);
    if (balance.records >= 1) {
      balance.records -= records;
      return undefined;
    }
    this.refused.set(caller.id, (this.refused.get(caller.id) ?? 0) + 1);
    const retryAfterS = Math.max(1, Math.ceil((1 - balance.records) / this.perSecond));
    const message = `the caller ${caller.id} asks for more than ${this.perSecond} decisions a second, which are all recorded: wait ${retryAfterS} s (log_rate)`;
    return { ...failure('rate_limited', message), retryAfterS };
  }

  /** What it turned out to be more than was taken before. */
  charge(caller: Caller, records: number): void {
    this.balanceOf(caller.id).records -= records;
  }

  private balanceOf(id: string): Balance {
    const now = this.now();
    const most = BURST_SECONDS * this.perSecond;
    const balance = this.balances.get(id) ?? { records: most, at: now };
    balance.records = Math.min(most, balance.records + ((now - balance.at) / 1000) * this.perSecond);
    balance.at = now;
    this.balances.set(id, balance);
    return balance;
  }
}
