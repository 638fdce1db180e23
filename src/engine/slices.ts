import { type Budget, LIMITS } from '../core/limits.ts';
import type { Steps } from '../core/relationships/steps.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { StoredCommit } from '../store/store.ts';
import { failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { type RelationshipFailure, refused } from './relationships/relationship-failure.ts';
import { Turns } from './turns.ts';

/** How many commits are looked through for one that matters; more than that in a turn surely has one. */
const COMMITS_PER_LOOK = 64;

/** One list has a turn at a time: however many there are, a check waits for one turn. */
const turns = new Turns();

export interface Sliced<T> {
  readonly value: T;
  /** The revision that it is true of. */
  readonly revision: number;
}

/**
 * Runs steps over the relationships in turns of `LIMITS.listTurnMs`; whatever else there is to do is done between two.
 *
 * The answer is true of one revision. The snapshot is a view of what is in force, so a write of relationships, or of a
 * bundle, that comes between two turns makes all of it begin again, with turns twice as long: under writes without end
 * it is through in one turn at last, which no write can interrupt.
 *
 * @param begin the steps over a snapshot, called once for every beginning
 * @param budget renewed after each step
 * @param signal aborts it: nobody waits for the answer any more
 * @returns the answer; or a failure of `begin`, `deadline_exceeded` after `timeoutMs`, or `cancelled`
 */
export async function inSlices<T>(
  ledger: Ledger,
  begin: (snapshot: Snapshot) => Result<Steps<T>, RelationshipFailure>,
  {
    budget,
    signal,
    timeoutMs = LIMITS.listMs,
  }: { readonly budget: Budget; readonly signal?: AbortSignal; readonly timeoutMs?: number },
): Promise<Result<Sliced<T>, RelationshipFailure>> {
  const deadline = performance.now() + timeoutMs;
  for (let turnMs = LIMITS.listTurnMs; ; turnMs *= 2) {
    let revision = ledger.revision;
    const steps = begin(ledger.snapshot);
    if (!steps.ok) return steps;
    let turnEnd = performance.now() + turnMs;
    for (let changed = false; !changed; ) {
      budget.renew();
      const step = steps.value.next();
      if (step.done === true) return ok({ value: step.value, revision });
      const now = performance.now();
      if (now >= deadline) return err(tooLate(timeoutMs));
      if (now < turnEnd) continue;
      await turns.next();
      if (signal?.aborted === true) return err(refused('cancelled', 'the request was given up'));
      changed = changedSince(ledger, revision);
      revision = ledger.revision;
      turnEnd = performance.now() + turnMs;
    }
  }
}

function tooLate(timeoutMs: number): RelationshipFailure {
  const message = `it was not through after ${timeoutMs} ms (limit listMs): ask for less, half an answer is none`;
  return { ...failure('limit_exceeded', message), fault: 'deadline_exceeded' };
}

function changedSince(ledger: Ledger, revision: number): boolean {
  if (ledger.revision === revision) return false;
  const commits = ledger.store.changes(revision, COMMITS_PER_LOOK);
  return ledger.revision - revision > commits.length || commits.some(matters);
}

function matters({ changes }: StoredCommit): boolean {
  return changes.some(({ kind }) => kind === 'relationship' || kind === 'bundle');
}
