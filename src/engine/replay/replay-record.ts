import type { StoredDecision } from '../../audit/log.ts';
import { decide } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import { RULES_VERSION } from '../../core/decision-rules.ts';
import type { Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { type Difference, differences } from './differences.ts';

/** What became of a record that was put to the decision again. */
export type Replayed =
  | { readonly kind: 'same'; readonly decision: Decision }
  | { readonly kind: 'differs'; readonly decision: Decision; readonly differences: readonly Difference[] }
  | {
      /** Decided by other rules than this version has: what it would be by these is told, and proves nothing. */
      readonly kind: 'other_rules';
      readonly rules: number;
      readonly decision: Decision;
      readonly differences: readonly Difference[];
    }
  | { readonly kind: 'not_replayable'; readonly because: NotReplayable; readonly why: string };

/**
 * `stale` was never put to the decision, `redacted` lacks what the decision read: such records are as they should be.
 * `no_state`: what it rests on is not there, or not as it was; that is as bad as another decision.
 */
export type NotReplayable = 'stale' | 'redacted' | 'no_state';

/** Why a record cannot be replayed, whatever the state is. */
export function unreplayable(record: StoredDecision): Extract<Replayed, { kind: 'not_replayable' }> | undefined {
  if (record.decision.reason === 'stale') {
    const why = 'the revision that it demanded did not arrive in time: nothing was decided';
    return { kind: 'not_replayable', because: 'stale', why };
  }
  if (record.redacted !== undefined) {
    const why = `it was decided by what the record does not hold: ${record.redacted.join(', ')}`;
    return { kind: 'not_replayable', because: 'redacted', why };
  }
  return undefined;
}

/**
 * Decides a record again, at its own revision, bundle and time, and compares everything: what was answered, why, the
 * whole path (invariant 38). A record of other rules is neither the same nor otherwise.
 *
 * @param state as it was at the record's revision, or why there is none
 */
export function replayRecord(record: StoredDecision, state: Result<Snapshot, string>): Replayed {
  const not = unreplayable(record);
  if (not !== undefined) return not;
  if (!state.ok) return { kind: 'not_replayable', because: 'no_state', why: state.error };
  const decision = decide(record.request, state.value, record.at);
  const found = differences(record.decision, decision);
  const broken = enforcedOtherwise(record);
  if (broken.length > 0) return { kind: 'differs', decision, differences: [...found, ...broken] };
  const { rules } = record;
  if (rules !== RULES_VERSION) return { kind: 'other_rules', rules, decision, differences: found };
  return found.length === 0 ? { kind: 'same', decision } : { kind: 'differs', decision, differences: found };
}

/** What was answered is the decision, or an allow to a caller that only observes; never a denial of what is allowed. */
function enforcedOtherwise({ decision, enforced }: StoredDecision): readonly Difference[] {
  return decision.allowed && !enforced ? [{ at: 'enforced', recorded: false, replayed: true }] : [];
}

/** Whether it shows that something is not as it was. */
export function isFaulty(replayed: Replayed): boolean {
  return replayed.kind === 'differs' || (replayed.kind === 'not_replayable' && replayed.because === 'no_state');
}
