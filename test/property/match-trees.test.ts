import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, holds } from '../support/laws.ts';
import type { Effect, Match, PolicySpec } from '../support/policy-spec.ts';
import type { World } from '../support/reference.ts';

const OPERANDS = ['true', 'false', 'R.attr.gone == 1'];
const FAULT = 'R.attr.gone == 1';
const ops = fc.constantFrom<Match['op']>('all', 'any', 'none');
const operands = fc.array(fc.constantFrom(...OPERANDS), { minLength: 1, maxLength: 3 });

/** Alice is allowed to read, by `effect` ALLOW only under the condition, by DENY unless the condition holds. */
function answer(effect: Effect, condition: Match): boolean {
  const key = JSON.stringify([effect, condition]);
  const policies = POLICIES.get(key) ?? policiesOf(effect, condition);
  POLICIES.set(key, policies);
  const world: World = { policies, tuples: [], entities: [], delegations: [], revocations: [], activations: [] };
  const request = {
    actor: 'user:alice',
    origin: 'user:alice',
    proof: 'verified',
    action: 'read',
    resource: 'doc:plan',
  } as const;
  return ask(world, request, 0).allowed;
}

/** Kept, because each is compiled once. */
const POLICIES = new Map<string, PolicySpec>();

function policiesOf(effect: Effect, condition: Match): PolicySpec {
  const rule = { actions: ['read'], roles: ['user'], derived: [] };
  const tested = { ...rule, name: 'tested', effect, condition };
  const rules = effect === 'ALLOW' ? [tested] : [{ ...rule, name: 'open', effect: 'ALLOW' as const }, tested];
  return {
    derived: [],
    principals: [],
    roles: [],
    resources: [{ kind: 'doc', version: 'default', scope: '', variables: {}, rules }],
  };
}

describe('6: an error anywhere in a match tree', () => {
  it('makes it an error: it does not hold in an allow rule and holds in a deny rule, wherever it stands', () => {
    holds(
      fc.record({ op: ops, of: operands, at: fc.nat(3) }),
      ({ op, of, at }) => {
        const condition = { op, of: of.toSpliced(at, 0, FAULT) };
        expect(answer('ALLOW', condition), 'by an allow rule').toBe(false);
        expect(answer('DENY', condition), 'in spite of a deny rule').toBe(false);
        return true;
      },
      1000,
    );
  });

  it('without one it holds in both or in neither, in any order of its operands', () => {
    holds(
      fc.record({ op: ops, of: operands }),
      ({ op, of }) => {
        if (of.includes(FAULT)) return false;
        const held = answer('ALLOW', { op, of });
        expect(answer('DENY', { op, of })).toBe(!held);
        expect(answer('ALLOW', { op, of: of.toReversed() })).toBe(held);
        return true;
      },
      3000,
    );
  });
});
