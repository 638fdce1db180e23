import { describe, expect, it } from 'vitest';
import { type DelegationDraft, draftFaults } from '../../../src/core/delegation/draft.ts';
import { LIMITS } from '../../../src/core/limits.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const TYPES = new Set(['user', 'agent', 'group', 'document', 'tool']);
const draft: DelegationDraft = {
  from: 'user:alice',
  to: 'agent:planner',
  capabilities: [{ actions: ['read'], resources: ['document:*'] }],
};

const fieldsOf = (change: Partial<DelegationDraft>): readonly string[] =>
  draftFaults({ ...draft, ...change }, (type) => TYPES.has(type), NOW).map(({ field }) => field);

describe('a draft', () => {
  it('is sound', () => {
    expect(fieldsOf({ condition: 'R.attr.amount < 10', expires_at: NOW + 1, not_before: NOW, onward_to: [] })).toEqual(
      [],
    );
    expect(fieldsOf({ max_depth: LIMITS.chainDepth - 1 })).toEqual([]);
    expect(fieldsOf({ activation: 'session', max_session: LIMITS.sessionSeconds })).toEqual([]);
    expect(fieldsOf({ from: 'group:finance#member' })).toEqual([]);
    expect(fieldsOf({ from: 'user:*' })).toEqual([]);
  });

  it.each<[string, Partial<DelegationDraft>, readonly string[]]>([
    ['a malformed delegator', { from: 'alice' }, ['from']],
    ['a set without relation', { from: 'group:finance#' }, ['from']],
    ['an unknown type', { to: 'robot:x' }, ['to']],
    ['oneself', { to: 'user:alice' }, ['to']],
    ['a wildcard holder', { to: 'agent:*' }, ['to']],
    ['no capabilities', { capabilities: [] }, ['capabilities']],
    [
      'empty patterns',
      { capabilities: [{ actions: [], resources: [] }] },
      ['capabilities/0/actions', 'capabilities/0/resources'],
    ],
    [
      'forbidden patterns',
      { capabilities: [{ actions: ['re*'], resources: ['*'] }] },
      ['capabilities/0/actions/0', 'capabilities/0/resources/0'],
    ],
    [
      'a pattern of an unknown type',
      { capabilities: [{ actions: ['read'], resources: ['robot:*'] }] },
      ['capabilities/0/resources/0'],
    ],
    ['a condition that is no CEL', { condition: 'R.attr.amount <' }, ['condition']],
    ['a condition that is no boolean', { condition: '"yes"' }, ['condition']],
    [
      'an unknown variable',
      { capabilities: [{ actions: ['read'], resources: ['document:*'], condition: 'amount < 1' }] },
      ['capabilities/0/condition'],
    ],
    ['a window in the past', { expires_at: NOW }, ['expires_at']],
    ['an inverted window', { not_before: NOW + 2, expires_at: NOW + 1 }, ['not_before']],
    ['a session on a standing one', { activation: 'standing', max_session: 5 }, ['max_session']],
    ['an endless session', { activation: 'session', max_session: 1e9 }, ['max_session']],
    ['a fractional depth', { max_depth: 0.5 }, ['max_depth']],
    ['a negative depth', { max_depth: -1 }, ['max_depth']],
    ['more hops than a chain has', { max_depth: LIMITS.chainDepth }, ['max_depth']],
    [
      'a session of a second too many',
      { activation: 'session', max_session: LIMITS.sessionSeconds + 1 },
      ['max_session'],
    ],
    ['an odd name', { name: '\u0007' }, ['name']],
    [
      'too many capabilities',
      { capabilities: Array.from({ length: 65 }, () => draft.capabilities[0] ?? { actions: [], resources: [] }) },
      ['capabilities'],
    ],
  ])('refuses %s', (_, change, fields) => {
    expect(fieldsOf(change)).toEqual(fields);
  });
});
