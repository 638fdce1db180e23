import { expect, test } from 'vitest';
import type { StoredDecision } from '../../../src/audit/log.ts';
import { err, ok } from '../../../src/core/result.ts';
import { State } from '../../../src/core/state.ts';
import { noBundle } from '../../../src/engine/bundles/no-bundle.ts';
import { isFaulty, replayRecord } from '../../../src/engine/replay/replay-record.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

/** Of a store in which nothing was published: everything is denied. */
const state = ok(new State().snapshot(noBundle()));
const denied = {
  allowed: false,
  reason: 'unknown_type',
  reasons: ['unknown_type'],
  others: [],
  revision: 0,
  bundle: noBundle().digest,
} as const;

function record(more: Partial<StoredDecision> = {}): StoredDecision {
  const { decision: _other, ...entry } = decisionEntry({});
  return { ...entry, decision: denied, enforced: false, ...more } as StoredDecision;
}

test('the same', () => {
  const replayed = replayRecord(record(), state);
  expect(replayed).toMatchObject({ kind: 'same', decision: denied });
  expect(isFaulty(replayed)).toBe(false);
});

test('to a caller that only observes another thing may be answered, to none a denial of what is allowed', () => {
  expect(replayRecord(record({ enforced: true }), state).kind).toBe('same');
  const allow = record({ decision: { ...denied, allowed: true }, enforced: false });
  const replayed = replayRecord(allow, state);
  expect(replayed.kind === 'differs' && replayed.differences.map(({ at }) => at)).toEqual(['allowed', 'enforced']);
});

test('what was left out of the record cannot be decided again, and is told', () => {
  const replayed = replayRecord(record({ redacted: ['request.context.email', 'request.context.card'] }), state);
  expect(replayed).toEqual({
    kind: 'not_replayable',
    because: 'redacted',
    why: 'it was decided by what the record does not hold: request.context.email, request.context.card',
  });
  expect(isFaulty(replayed)).toBe(false);
});

test('without its state it is as bad as decided otherwise', () => {
  const replayed = replayRecord(record(), err('the store has no revision 9'));
  expect(replayed).toEqual({ kind: 'not_replayable', because: 'no_state', why: 'the store has no revision 9' });
  expect(isFaulty(replayed)).toBe(true);
});
