import { describe, expect, test } from 'vitest';
import type { StoredDecision } from '../../../src/audit/log.ts';
import { FIRST_RULES, RULES_VERSION } from '../../../src/core/decision-rules.ts';
import { err, ok } from '../../../src/core/result.ts';
import { State } from '../../../src/core/state.ts';
import { noBundle } from '../../../src/engine/bundles/no-bundle.ts';
import { History } from '../../../src/engine/replay/history.ts';
import { isFaulty, replayRecord } from '../../../src/engine/replay/replay-record.ts';
import { addTotals, replayRecords } from '../../../src/engine/replay/replay-records.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
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
  return { ...entry, rules: RULES_VERSION, decision: denied, enforced: false, ...more } as StoredDecision;
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

describe('a record of other rules', () => {
  const other = { rules: FIRST_RULES };

  test('is neither the same nor otherwise, and is told with what these rules say', () => {
    const alike = replayRecord(record(other), state);
    expect(alike).toMatchObject({ kind: 'other_rules', rules: FIRST_RULES, differences: [] });
    const allowed = replayRecord(record({ ...other, decision: { ...denied, allowed: true }, enforced: true }), state);
    expect(allowed).toMatchObject({ kind: 'other_rules', decision: denied, differences: [{ at: 'allowed' }] });
    expect([alike, allowed].map(isFaulty)).toEqual([false, false]);
  });

  test('needs its state as others do, and never was answered a denial of what it allows', () => {
    expect(isFaulty(replayRecord(record(other), err('the store has no revision 9')))).toBe(true);
    const allow = record({ ...other, decision: { ...denied, allowed: true }, enforced: false });
    expect(replayRecord(allow, state).kind).toBe('differs');
  });

  test('of newer rules too', () => {
    expect(replayRecord(record({ rules: RULES_VERSION + 1 }), state).kind).toBe('other_rules');
  });

  test('is counted by how it comes out by these rules', async () => {
    const store = openSqliteStore(':memory:');
    const history = new History({ store, fallback: noBundle(), from: 'rows', pause: () => undefined });
    const allowed = { decision: { ...denied, allowed: true }, enforced: true };
    const records = [
      record({ sequence: 1 }),
      record({ ...other, sequence: 2 }),
      record({ ...other, ...allowed, sequence: 3 }),
      record({ ...other, sequence: 4, decision: { ...denied, reason: 'revoked', reasons: ['revoked'] } }),
      record({ ...other, sequence: 5, decision: { ...denied, limit: 'chainDepth' } }),
    ];
    const totals = await replayRecords(records, history, { pause: () => undefined });
    store.close();
    expect(totals).toMatchObject({ replayed: 5, same: 1, faults: 0, faulty: [] });
    expect(totals.otherRules).toEqual({ same: 1, denied: 1, allowed: 0, reasons: 1, path: 1 });
    expect(addTotals(totals, totals).otherRules).toEqual({ same: 2, denied: 2, allowed: 0, reasons: 2, path: 2 });
  });
});
