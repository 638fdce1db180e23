import { describe, expect, test } from 'vitest';
import type { StoredDecision } from '../../../src/audit/log.ts';
import { EndingEffects } from '../../../src/engine/report/ending-effects.ts';
import type { Ending } from '../../../src/engine/report/endings.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

/** Alice's assistant through dg_1 (see `decisionEntry`), at a revision; denied because of `reason`, where there is one. */
function record(
  sequence: number,
  revision: number,
  reason?: 'revoked' | 'suspended',
  expires_at?: number,
): StoredDecision {
  const entry = decisionEntry({ at: 1000 * sequence, decision: { revision } });
  const { chain } = entry.decision;
  const steps = (chain?.steps ?? []).map((step) => {
    const isIt = reason === (step.kind === 'edge' ? 'revoked' : 'suspended');
    const judged = { ...step, reasons: isIt && reason !== undefined ? [reason] : [] };
    return step.kind === 'edge' && expires_at !== undefined ? { ...judged, expires_at } : judged;
  });
  const allowed = reason === undefined;
  return {
    ...entry,
    decision: { ...entry.decision, allowed, chain: { allowed, reasons: [], steps: steps as never } },
    id: `d_${sequence}`,
    sequence,
    format: 2,
    rules: 2,
    node: 'n',
    previous: '',
    hash: '',
  };
}

const ending = (more: Partial<Ending>): Ending => ({
  kind: 'revoked',
  subject: 'dg_1',
  at: 5000,
  by: 'admin',
  revision: 10,
  ...more,
});

function effect(one: Ending, records: readonly StoredDecision[]) {
  const effects = new EndingEffects([one]);
  for (const record of records) effects.add(record);
  const { lastAllow, firstDenial, allowsAfter } = effects.of(one);
  return { last: lastAllow?.record, first: firstDenial?.record, allowsAfter, violations: effects.violations };
}

describe('decisions around something that ended', () => {
  test('the last allow before and the first denial after, by revisions', () => {
    const records = [
      record(1, 8),
      record(2, 9),
      record(3, 9, 'suspended'),
      record(4, 10, 'revoked'),
      record(5, 11, 'revoked'),
    ];
    expect(effect(ending({}), records)).toEqual({ last: 'd_2', first: 'd_4', allowsAfter: 0, violations: [] });
  });

  test('an allow at its revision or later is told, whatever the clock says', () => {
    const { allowsAfter, violations } = effect(ending({}), [record(1, 10), record(2, 11)]);
    expect(allowsAfter).toBe(2);
    expect(violations[0]).toMatchObject({ record: 'd_1', subject: 'dg_1', why: 'it was revoked at revision 10' });
  });

  test('a withdrawal counts for its origin only', () => {
    const records = [record(1, 11)];
    expect(effect(ending({ kind: 'withdrawn', origin: 'user:bob' }), records).allowsAfter).toBe(0);
    expect(effect(ending({ kind: 'withdrawn', origin: 'user:alice' }), records).allowsAfter).toBe(1);
  });

  test('a suspension counts until it ends', () => {
    const suspended = ending({ kind: 'suspended', subject: 'user:alice', until: 20 });
    const records = [record(1, 9), record(2, 12, 'suspended'), record(3, 20), record(4, 21, 'suspended')];
    expect(effect(suspended, records)).toMatchObject({ last: 'd_1', first: 'd_2', allowsAfter: 0 });
    expect(effect(suspended, [record(1, 19)]).allowsAfter).toBe(1);
  });

  test('what did not go through it has nothing to do with it', () => {
    expect(effect(ending({ subject: 'dg_2' }), [record(1, 11)])).toMatchObject({ last: undefined, allowsAfter: 0 });
  });

  test('an allow after the end of a delegation is told', () => {
    const effects = new EndingEffects([]);
    effects.add(record(3, 1, undefined, 3001));
    expect(effects.violationCount).toBe(0);
    effects.add(record(4, 1, undefined, 4000));
    expect(effects.violations).toMatchObject([{ record: 'd_4', why: 'it ended 1970-01-01T00:00:04.000Z' }]);
  });

  test('not without end', () => {
    const effects = new EndingEffects([ending({})]);
    for (let n = 0; n < 300; n += 1) effects.add(record(n, 12));
    expect([effects.violationCount, effects.violations.length]).toEqual([300, 100]);
  });
});
