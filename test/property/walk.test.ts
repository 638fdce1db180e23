import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest, Decision } from '../../src/core/decision.ts';

import { OPEN_BUNDLE } from '../support/bundles.ts';

import { ask, GENEROUS, holds, POOL, peopleOf, runs, wideEdge, withBundle } from '../support/laws.ts';
import { rowsOf, snapshotOf } from '../support/real.ts';
import type { World } from '../support/reference.ts';

import { reorderedFiles, reorderedRules } from '../support/variants.ts';
import { ALL_CONDITIONS, cases } from '../support/worlds.ts';

const anything = cases({ pool: POOL, wild: true, conditions: ALL_CONDITIONS, assertions: true });
const generous = cases({ pool: GENEROUS, conditions: ALL_CONDITIONS });

describe('27: one walk', () => {
  it('explaining decides as checking does', () => {
    holds(anything, ({ world, request, now }) => {
      const snapshot = snapshotOf(world);
      const recorded = decide(request, snapshot, now, 'record');
      const explained = decide(request, snapshot, now, 'explain');
      expect(outline(explained)).toEqual(outline(recorded));
      return true;
    });
  });

  it('a returned path, asked for by its id, gives the same answer over the same path', () => {
    holds(
      generous,
      ({ world, request, now }) => {
        const snapshot = snapshotOf(world);
        const decision = decide(request, snapshot, now);
        const delegation = decision.chain?.delegation;
        if (delegation === undefined) return false;
        const again = decide({ ...request, delegation }, snapshot, now);
        expect({ allowed: again.allowed, chain: again.chain }).toEqual({
          allowed: decision.allowed,
          chain: decision.chain,
        });
        return true;
      },
      2000,
    );
  });

  it('a deny names the first hop that failed', () => {
    holds(
      anything,
      ({ world, request, now }) => {
        const decision = ask(world, request, now);
        if (decision.allowed || decision.chain?.delegation === undefined) return false;
        const { steps, reasons } = decision.chain;
        const first = steps.find((step) => step.reasons.length > 0)?.reasons[0];
        const claim = request.claimedChain !== undefined && request.claimedChain.join() !== peopleOf(decision).join();
        expect(decision.reason).toBe(claim ? 'claim_mismatch' : first);
        expect(new Set(reasons)).toEqual(
          new Set([...(claim ? ['claim_mismatch'] : []), ...steps.flatMap((step) => step.reasons)]),
        );
        return true;
      },
      2500,
    );
  });
});

describe('29: order', () => {
  it('of relationships, entities, delegations, activations and revocations changes neither decision nor path', () => {
    holds(fc.tuple(anything, fc.integer()), ([{ world, request, now }, seed]) => {
      const rows = rowsOf(world);
      const shuffled = rows
        .map((row, at) => ({ row, key: Math.sin(seed + 37 * at) }))
        .toSorted((a, b) => a.key - b.key);
      const once = decide(request, snapshotOf(world, rows), now);
      expect(
        decide(
          request,
          snapshotOf(
            world,
            shuffled.map(({ row }) => row),
          ),
          now,
        ),
      ).toEqual(once);
      return true;
    });
  });

  it('of policy files changes neither decision nor path', () => {
    holds(anything, ({ world, request, now }) => {
      expect(ask(withBundle(world, reorderedFiles(world)), request, now)).toEqual(ask(world, request, now));
      return true;
    });
  });

  it('of rules, roles and actions inside a policy changes no decision and no hop of it', () => {
    holds(anything, ({ world, request, now }) => {
      // Where several rules apply, the path names the first one as it stands in its file, and tells the errors of
      // those before it.
      const other = ask(withBundle(world, reorderedRules(world)), request, now);
      expect(hopByHop(other)).toEqual(hopByHop(ask(world, request, now)));
      return true;
    });
  });
});

describe('32: bounds', () => {
  it('too many chains: what the first ones carry is allowed, what only a later one would is not; others do not count', () => {
    holds(
      fc.record({
        chains: fc.integer({ min: 1, max: 70 }),
        good: fc.nat(69),
        base: fc.nat(5),
        others: fc.constantFrom<OtherChains>('in_question', 'not_covered', 'not_held'),
      }),
      ({ chains, good, base, others }) => {
        const world = fanWorld(chains, good % chains, base, others);
        const decision = ask(world, FAN, 1);
        expect(decision.allowed).toBe(others !== 'in_question' || good % chains < 64);
        if (!decision.allowed)
          expect({ reason: decision.reason, limit: decision.limit }).toEqual({
            reason: 'limit_exceeded',
            limit: 'chainsPerCheck',
          });
        return true;
      },
      1000,
    );
  });

  it('groups nested too deep: nobody gets in for it, and nobody escapes an exclusion by it', () => {
    const spec = POOL.find(({ model }) => JSON.stringify(model?.doc?.can_read) === JSON.stringify(READ_BUT_BLOCKED));
    if (spec?.model === undefined) throw new Error('no bundle with "viewer but not blocked" in the pool');
    const { model } = spec;
    const nesting = fc.record({
      depth: fc.integer({ min: 1, max: 60 }),
      set: fc.constantFrom('viewer', 'blocked'),
      who: fc.constantFrom('user:alice', 'agent:worker'),
    });
    let denied = 0;
    holds(nesting, ({ depth, set, who }) => {
      const groups = Array.from({ length: depth }, (_, at) => ({
        user: at === 0 ? who : `group:n${at}#member`,
        relation: 'member',
        object: `group:n${at + 1}`,
      }));
      const tuples = [...groups, { user: `group:n${depth}#member`, relation: set, object: 'doc:plan' }];
      const delegations = [wideEdge({ id: 'd', from: 'user:alice', to: 'agent:worker' })];
      // Policies that allow everybody everything leave the exclusion as the only thing in the way.
      const policies = set === 'viewer' ? NO_POLICIES : OPEN_BUNDLE.policies;
      const world = { model, policies, tuples, entities: [], delegations, revocations: [], activations: [] };
      const decision = ask(world, FAN, 1);
      const may = set === 'viewer' && who === 'user:alice';
      if (!may) expect(decision.allowed).toBe(false);
      else if (depth > 30) expect(decision.reasons).toContain('limit_exceeded');
      else if (depth < 20) expect(decision.allowed).toBe(true);
      if (!decision.allowed) denied += 1;
      return true;
    });
    expect(denied).toBeGreaterThan(runs(1000) / 2);
  });
});

const READ_BUT_BLOCKED = {
  is: 'but not',
  left: { is: 'relation', relation: 'viewer' },
  right: { is: 'relation', relation: 'blocked' },
};
const NO_POLICIES = { derived: [], resources: [], principals: [], roles: [] };

const FAN: CheckRequest = {
  actor: 'agent:worker',
  origin: 'user:alice',
  proof: 'verified',
  action: 'read',
  resource: 'doc:plan',
};

/** Why the other chains do not carry: their condition is false, or they are not about the question at all. */
type OtherChains = 'in_question' | 'not_covered' | 'not_held';

/** `chains` delegations to one agent, of which only the one at `good`, in the order of trying, carries the question. */
function fanWorld(chains: number, good: number, base: number, others: OtherChains): World {
  const delegations = Array.from({ length: chains }, (_, at) => {
    const isOther = at !== good;
    return wideEdge({
      id: `f${String(at + base).padStart(3, '0')}`,
      from: isOther && others === 'not_held' ? `group:g${at}#member` : at % 2 === 0 ? 'user:alice' : 'user:*',
      to: 'agent:worker',
      capabilities: [{ actions: ['read'], resources: [isOther && others === 'not_covered' ? 'doc:a/*' : 'doc:*'] }],
      ...(isOther && others === 'in_question' ? { condition: 'false' } : undefined),
    });
  });
  const [open] = POOL;
  if (open === undefined) throw new Error('the pool is empty');
  return { ...open, tuples: [], entities: [], delegations, revocations: [], activations: [] };
}

/** A decision without the rules that its principals were judged by. */
function outline({ chain, others, ...rest }: Decision) {
  const hops = (trace: Decision['chain']) =>
    trace?.steps.map((step) => (step.kind === 'edge' ? step : { principal: step.principal, reasons: step.reasons }));
  return { ...rest, chain: hops(chain), others: others.map(hops) };
}

/** What is decided of each hop, without the errors that did not decide. */
function hopByHop({ allowed, chain }: Decision) {
  const steps = chain?.steps.map(({ reasons }) => reasons.filter((reason) => reason !== 'condition_error'));
  return { allowed, delegation: chain?.delegation, steps };
}
