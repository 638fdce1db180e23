import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { PageTime, type Turns } from '../turns.ts';
import { placeAfter } from './candidates.ts';

/** What is looked through for what. */
export interface Quest<T> {
  /** In the order of their text. */
  readonly candidates: (snapshot: Snapshot, at: number) => readonly string[];
  /** What a candidate is found as; undefined where it is not. */
  readonly judge: (candidate: string, snapshot: Snapshot, at: number) => T | undefined;
}

/** The state that all pages are taken from, and where one begins. */
export interface Start {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The time (ms) of the first page. */
  readonly begun: number;
  readonly after: string;
}

export interface Scanned<T> {
  readonly found: readonly T[];
  readonly revision: number;
  readonly at: number;
  readonly begun: number;
  readonly bundle: string;
  /** The last candidate that was judged; what was begun after where none was. */
  readonly last: string;
  /** There are no candidates after it. */
  readonly isWhole: boolean;
}

/** How often the first page begins again because something changed, before it stays with an older state. */
const RESTARTS = 4;

/**
 * Judges candidate after candidate at one revision and one time, in turns, until `limit` are found or the page's time
 * is over. The live state is a view that changes with every write: a first page that is overtaken begins again, a later
 * one goes on with the state of its revision as the store has it.
 *
 * @param start where a later page goes on; its revision exists
 */
export async function scan<T>(
  ledger: Ledger,
  turns: Turns,
  quest: Quest<T>,
  start: Start | undefined,
  limit: number,
): Promise<Result<Scanned<T>, Failure>> {
  const time = new PageTime(turns);
  for (let attempt = 0; ; attempt++) {
    const now = ledger.now();
    const from = start ?? { revision: ledger.revision, at: now, begun: now, after: '' };
    const mayRestart = start === undefined && attempt < RESTARTS;
    const scanned = await scanFrom(ledger, quest, from, limit, time, mayRestart);
    if (scanned !== 'overtaken') return scanned;
  }
}

async function scanFrom<T>(
  ledger: Ledger,
  quest: Quest<T>,
  { revision, at, begun, after }: Start,
  limit: number,
  time: PageTime,
  mayRestart: boolean,
): Promise<Result<Scanned<T>, Failure> | 'overtaken'> {
  let snapshot = stateAt(ledger, revision);
  let isLive = ledger.revision === revision;
  const bundle = snapshot.bundle.digest;
  const candidates = quest.candidates(snapshot, at);
  if (candidates.length > LIMITS.searchCandidates) {
    const message = `there are ${candidates.length} candidates, more than ${LIMITS.searchCandidates} (limit searchCandidates): ask for less`;
    return err(failure('limit_exceeded', message));
  }
  const found: T[] = [];
  let index = placeAfter(candidates, after);
  let last = after;
  for (; index < candidates.length && found.length < limit; index++) {
    if (time.isTurnOver) {
      if (time.isPageOver && last !== after) break;
      await time.nextTurn();
      // A state of the past stays as it is.
      if (isLive && ledger.revision !== revision) {
        if (mayRestart) return 'overtaken';
        snapshot = stateAt(ledger, revision);
        isLive = false;
      }
    }
    last = candidates[index] ?? last;
    const one = quest.judge(last, snapshot, at);
    if (one !== undefined) found.push(one);
  }
  return ok({ found, revision, at, begun, bundle, last, isWhole: index >= candidates.length });
}

/** The state of a revision that is known to exist; once it is no longer the latest, as the store has it. */
function stateAt(ledger: Ledger, revision: number): Snapshot {
  const snapshot = ledger.at(revision);
  if (snapshot === undefined) throw new Error(`the store has no revision ${revision}`);
  return snapshot;
}
