import type { StoredDecision } from '../../audit/log.ts';
import { err, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Difference } from './differences.ts';
import type { History } from './history.ts';
import { isFaulty, type Replayed, replayRecord, unreplayable } from './replay-record.ts';

/** What came of replaying many records. Everything is as it was iff `faults` is 0. */
export interface ReplayTotals {
  readonly replayed: number;
  readonly same: number;
  /** Records that differ, or whose state is not there. */
  readonly faults: number;
  /** Those that cannot be replayed, as they should be: by why. */
  readonly notReplayable: { readonly stale: number; readonly redacted: number };
  readonly otherRules: OtherRules;
  /** The first of those that are faulty, in the order of the log. */
  readonly faulty: readonly ReplayFault[];
}

/** Records that were decided by other rules than this version's, by how they come out by these. */
export interface OtherRules {
  readonly same: number;
  /** Allowed then, denied by these rules. */
  readonly denied: number;
  /** Denied then, allowed by these rules. */
  readonly allowed: number;
  /** The same answer for other reasons. */
  readonly reasons: number;
  /** The same answer and reasons; the path or the limit is another. */
  readonly path: number;
}

export interface ReplayFault {
  readonly record: string;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly revision: number;
  /** Empty where there is no state to decide by; `why` says so then. */
  readonly differences: readonly Difference[];
  readonly why?: string;
}

export const NOTHING_REPLAYED: ReplayTotals = {
  replayed: 0,
  same: 0,
  faults: 0,
  notReplayable: { stale: 0, redacted: 0 },
  otherRules: { same: 0, denied: 0, allowed: 0, reasons: 0, path: 0 },
  faulty: [],
};

/** Beyond so many, more of them tell nothing new. */
const MOST_FAULTY = 100;

/** Records that are put in the order of their revisions: results of searches are decided at older ones than their neighbours. */
const TOGETHER = 2000;

/**
 * Decides records again, each at its own state.
 *
 * @param records in the order of the log, or nearly so
 * @param options.looked hears of every record after it was replayed
 */
export async function replayRecords(
  records: Iterable<StoredDecision>,
  history: History,
  options: {
    readonly pause: () => Promise<void> | undefined;
    readonly looked?: (count: number) => void;
  },
): Promise<ReplayTotals> {
  const tally = new Tally();
  let together: StoredDecision[] = [];
  const replay = async (): Promise<void> => {
    // By opening of the store as well: within one, revisions count up.
    const inOrder = together.sort((a, b) => a.decision.revision - b.decision.revision || a.sequence - b.sequence);
    for (const record of inOrder) {
      tally.add(record, replayRecord(record, await stateOf(record, history)));
      options.looked?.(tally.count);
      await options.pause();
    }
    together = [];
  };
  for (const record of records) {
    together.push(record);
    if (together.length >= TOGETHER) await replay();
  }
  await replay();
  return tally.totals();
}

/** The state that a record was decided at, or why there is none. */
async function stateOf(record: StoredDecision, history: History): Promise<Result<Snapshot, string>> {
  const { epoch, decision } = record;
  if (unreplayable(record) !== undefined) return err('not looked for');
  if (!history.contains(epoch, decision.revision)) {
    return err(
      `the store does not have the history in which revision ${decision.revision} was made: it is another one`,
    );
  }
  return history.at(decision.revision);
}

class Tally {
  count = 0;
  private same = 0;
  private faults = 0;
  private readonly not = { stale: 0, redacted: 0 };
  private readonly otherRules = { ...NOTHING_REPLAYED.otherRules };
  private readonly faulty: ReplayFault[] = [];

  add(record: StoredDecision, replayed: Replayed): void {
    this.count += 1;
    if (replayed.kind === 'same') this.same += 1;
    if (replayed.kind === 'other_rules') this.otherRules[byOtherRules(record, replayed)] += 1;
    if (replayed.kind === 'not_replayable' && replayed.because !== 'no_state') this.not[replayed.because] += 1;
    if (!isFaulty(replayed)) return;
    this.faults += 1;
    if (this.faulty.length < MOST_FAULTY) this.faulty.push(faultOf(record, replayed));
  }

  totals(): ReplayTotals {
    const faulty = this.faulty.sort((a, b) => a.sequence - b.sequence);
    const { count: replayed, same, faults, not: notReplayable, otherRules } = this;
    return { replayed, same, faults, notReplayable, otherRules, faulty };
  }
}

/** How a record of other rules comes out. */
function byOtherRules(
  { decision: recorded }: StoredDecision,
  { decision, differences }: Extract<Replayed, { kind: 'other_rules' }>,
): keyof OtherRules {
  if (differences.length === 0) return 'same';
  if (recorded.allowed !== decision.allowed) return decision.allowed ? 'allowed' : 'denied';
  return differences.some(({ at }) => at.startsWith('reason')) ? 'reasons' : 'path';
}

function faultOf({ id, sequence, at, decision }: StoredDecision, replayed: Replayed): ReplayFault {
  const place = { record: id, sequence, at, revision: decision.revision };
  if (replayed.kind === 'differs') return { ...place, differences: replayed.differences };
  return { ...place, differences: [], ...(replayed.kind === 'not_replayable' ? { why: replayed.why } : undefined) };
}

/** Two runs as one. */
export function addTotals(a: ReplayTotals, b: ReplayTotals): ReplayTotals {
  return {
    replayed: a.replayed + b.replayed,
    same: a.same + b.same,
    faults: a.faults + b.faults,
    notReplayable: {
      stale: a.notReplayable.stale + b.notReplayable.stale,
      redacted: a.notReplayable.redacted + b.notReplayable.redacted,
    },
    otherRules: {
      same: a.otherRules.same + b.otherRules.same,
      denied: a.otherRules.denied + b.otherRules.denied,
      allowed: a.otherRules.allowed + b.otherRules.allowed,
      reasons: a.otherRules.reasons + b.otherRules.reasons,
      path: a.otherRules.path + b.otherRules.path,
    },
    faulty: [...a.faulty, ...b.faulty].slice(0, MOST_FAULTY),
  };
}
