import { expect, test } from 'vitest';
import type { EdgeStep, PrincipalStep } from '../../../src/core/path/trace.ts';
import { duration, edgePhrases, moment, principalPhrases } from '../../../src/wire/behalf/path-phrases.ts';

const AT = Date.parse('2030-01-01T12:00:00Z');
const ASKED = { action: 'read', resource: 'document:q3', at: AT };
const REF = {
  policy: 'resource.document.vdefault',
  kind: 'resource',
  version: 'default',
  scope: '',
  rule: 'r1',
} as const;

function principal(more: Partial<PrincipalStep>): readonly string[] {
  const step: PrincipalStep = {
    kind: 'principal',
    principal: 'user:a',
    roles: [],
    reasons: [],
    prohibitions: [],
    rules: [],
    errors: [],
    ...more,
  };
  return principalPhrases(step, ASKED).flatMap(({ text, under }) => [text, ...under.map((line) => `- ${line}`)]);
}

function edge(more: Partial<EdgeStep>): readonly string[] {
  const step: EdgeStep = {
    kind: 'edge',
    delegation: 'd',
    from: 'user:a',
    to: 'agent:b',
    reasons: [],
    conditions: [],
    not_before: 0,
    ...more,
  };
  return edgePhrases(step, undefined, ASKED).flatMap(({ text, under }) => [text, ...under.map((line) => `- ${line}`)]);
}

test.each<[number, string]>([
  [0, '0 ms'],
  [7, '7 ms'],
  [1000, '1 s'],
  [61_500, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_000_000, '1 d 1 h'],
  [86_400_000 + 60_000, '1 d'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('a moment has a fraction only where there is one', () => {
  expect([moment(AT), moment(AT + 1)]).toEqual(['2030-01-01T12:00:00Z', '2030-01-01T12:00:00.001Z']);
});

test('each kind of entitlement, and its lack', () => {
  const condition = { expression: 'x', value: 'true' } as const;
  const rules = [{ ...REF, effect: 'allow', activated: true, condition } as const];
  expect(principal({ entitlement: { by: 'policy', effect: 'allow', rule: REF }, rules })).toEqual([
    'no roles',
    'allowed by rule r1 of resource.document.vdefault',
    '- condition x is true',
  ]);
  expect(principal({ entitlement: { by: 'nothing', looked_at: 'policy' } })).toContain(
    'no allow rule for read applies',
  );
  expect(principal({ entitlement: { by: 'nothing', looked_at: 'relationship', relation: 'can_read' } })).toContain(
    'has no can_read on document:q3',
  );
  expect(
    principal({
      entitlement: { by: 'nothing', looked_at: 'relationship', relation: 'can_read', unknown: 'the limit x' },
    }),
  ).toEqual(['no roles', 'unknown whether it has can_read on document:q3', '- the limit x']);
  expect(principal({ entitlement: { by: 'nothing', looked_at: 'neither' } })).toContain(
    'no rule and no relation can_read says who may read',
  );
});

test('what forbids, each in its own words', () => {
  expect(principal({ reasons: ['suspended', 'deleted'] })).toEqual(['no roles', 'is suspended', 'was deleted']);
  expect(principal({ prohibitions: [{ ...REF, by: 'role_policy_omission' }] })).toContain(
    'forbidden: the role policy resource.document.vdefault does not list it',
  );
  const relationship = { user: 'user:a', relation: 'blocked', object: 'document:q3' };
  const excluded = [{ object: 'document:q3', relation: 'blocked', via: 'direct', relationship } as const];
  expect(principal({ excluded })).toEqual([
    'no roles',
    'is in what the permission excludes',
    '- document:q3#blocked@user:a',
  ]);
  expect(principal({ errors: [{ expression: 'V.x', value: 'error', error: 'no such key' }] })).toEqual([
    'no roles',
    'error in V.x',
    '- no such key',
  ]);
});

test('a delegation: its window from all sides', () => {
  expect(edge({})).toEqual(['valid without end']);
  expect(edge({ not_before: AT + 1000 })).toEqual(['valid from 2030-01-01T12:00:01Z, in 1 s']);
  expect(edge({ expires_at: AT + 1000 })).toEqual(['valid until 2030-01-01T12:00:01Z, 1 s left']);
  expect(edge({ expires_at: AT })).toEqual(['expired 2030-01-01T12:00:00Z, 0 ms before']);
});

test('a delegation: how it is held and open', () => {
  const relationship = { user: 'user:a', relation: 'member', object: 'group:g', condition: { name: 'in_office' } };
  const held = [{ object: 'group:g', relation: 'member', via: 'direct', relationship } as const];
  expect(edge({ from: 'group:g#member', held, activation: 'act_1' })).toEqual([
    'the origin is in group:g#member',
    '- group:g#member@user:a if in_office',
    'open by the session act_1',
    'valid without end',
  ]);
});
