import { describe, expect, test } from 'vitest';
import { differences, differenceText } from '../../../src/engine/replay/differences.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const { decision } = decisionEntry({});
const chain = decision.chain;
if (chain === undefined) throw new Error('the decision has a chain');

describe('what differs between two decisions', () => {
  test('nothing: what is undefined is absent, -0 is 0, half a pair is the replacement character', () => {
    const [first, ...rest] = chain.steps;
    const withUndefined = {
      ...decision,
      chain: { ...chain, steps: [{ ...first, excluded: undefined }, ...rest] as never },
    };
    expect(differences(decision, withUndefined)).toEqual([]);
    expect(differences({ ...decision, revision: 0 }, { ...decision, revision: -0 })).toEqual([]);
    const lone = (text: string) => ({ ...decision, reasons: [text as never] });
    expect(differences(lone('a\ufffd'), lone('a\ud800'))).toEqual([]);
  });

  test('the answer first, then where the path parts', () => {
    const steps = chain.steps.map((step) => (step.kind === 'edge' ? { ...step, capability: 1 } : step));
    const other = { ...decision, allowed: false, reason: 'revoked' as const, chain: { ...chain, steps } };
    expect(differences(decision, other)).toEqual([
      { at: 'allowed', recorded: true, replayed: false },
      { at: 'reason', recorded: 'allowed', replayed: 'revoked' },
      { at: 'chain.steps[1].capability', recorded: 0, replayed: 1 },
    ]);
  });

  test('a step too many, a chain that is missing, members on one side only', () => {
    const { chain: _none, ...without } = decision;
    expect(differences(decision, without).map(({ at }) => at)).toEqual(['chain']);
    const short = { ...decision, chain: { ...chain, steps: chain.steps.slice(0, 1) } };
    const [found] = differences(decision, short);
    expect([found?.at, found && 'replayed' in found]).toEqual(['chain.steps[1]', false]);
    expect(differences(decision, { ...decision, limit: 'chainDepth' })).toEqual([
      { at: 'limit', replayed: 'chainDepth' },
    ]);
  });

  test('revisions count, but not across time', () => {
    const later = { ...decision, revision: 8 };
    expect(differences(decision, later).map(({ at }) => at)).toEqual(['revision']);
    expect(differences(decision, later, { acrossTime: true })).toEqual([]);
  });

  test('not without end', () => {
    const reasons = Array.from({ length: 500 }, () => 'expired' as const);
    expect(differences(decision, { ...decision, reasons })).toHaveLength(20);
  });

  test('one line for a person', () => {
    expect(differenceText({ at: 'reason', recorded: 'allowed', replayed: 'revoked' })).toBe(
      'reason: recorded "allowed", replayed "revoked"',
    );
    expect(differenceText({ at: 'limit', replayed: 'x'.repeat(500) })).toMatch(
      /^limit: recorded nothing, replayed "x{199}…$/,
    );
  });
});
