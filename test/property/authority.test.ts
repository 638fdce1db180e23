import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Assertion, CheckRequest, Decision } from '../../src/core/decision.ts';
import { PROOFS } from '../../src/core/delegation/delegation.ts';
import { CONDITIONS } from '../support/conditions.ts';
import {
  ask,
  GENEROUS,
  holds,
  MIXED,
  POOL,
  peopleOf,
  runs,
  Sample,
  wideEdge,
  withBundle,
  withEdge,
} from '../support/laws.ts';
import { member } from '../support/model-spec.ts';
import { rowsOf, snapshotOf } from '../support/real.ts';
import { chainsOf, type World } from '../support/reference.ts';
import { PRINCIPALS } from '../support/universe.ts';
import {
  denialsReadPath,
  mightyAgents,
  moreConditions,
  reorderedFiles,
  reorderedRules,
  unentitled,
} from '../support/variants.ts';
import { ALL_CONDITIONS, type Case, cases } from '../support/worlds.ts';

const anything = cases({ pool: POOL, wild: true, conditions: ALL_CONDITIONS, assertions: true });
const generous = cases({ pool: GENEROUS, conditions: ALL_CONDITIONS });

const mostlyCalm = cases({ pool: MIXED, wild: true, calm: true, conditions: ALL_CONDITIONS, assertions: true });
const allowed = new Sample(mostlyCalm, ({ world, request, now }) => ask(world, request, now).allowed, 6000);

describe('the origin and its own entitlement', () => {
  it('5: an allow needs it', () => {
    allowed.holds(({ world, request, now }) => {
      const first = ask(world, request, now).chain?.steps[0];
      if (first?.kind !== 'principal') throw new Error('a chain begins with its origin');
      expect(first.principal).toBe(request.origin);
      const entitlement = first.entitlement;
      expect(
        entitlement?.by === 'relationship' || (entitlement?.by === 'policy' && entitlement.effect === 'allow'),
      ).toBe(true);
      const { delegation: _pin, claimedChain: _claim, ...alone } = request;
      if (!denialsReadPath(world)) expect(ask(world, { ...alone, actor: request.origin }, now).allowed).toBe(true);
    });
  });

  it('5: without it every chain from the origin carries nothing', () => {
    allowed.holds(({ world, request, now }) => {
      const memberships = world.tuples.filter(({ relation }) => relation === 'member');
      const poor = { ...withBundle(world, unentitled(world)), tuples: memberships };
      expect(ask(poor, request, now).reasons).toContain('not_entitled');
    });
  });

  it('22: what the agent itself may never satisfies a request on behalf of somebody else', () => {
    const refused = new Sample(
      anything,
      ({ world, request, now }) =>
        request.actor !== request.origin && request.origin.startsWith('user:') && !ask(world, request, now).allowed,
      2500,
    );
    const agents = PRINCIPALS.filter((one) => one.startsWith('agent:'));
    let mighty = 0;
    refused.holds(({ world, request, now }) => {
      const own = agents.flatMap((user) =>
        ['owner', 'viewer', 'caller'].map((relation) => ({ user, relation, object: request.resource })),
      );
      const rich = { ...withBundle(world, mightyAgents(world)), tuples: [...world.tuples, ...own] };
      expect(ask(rich, request, now).allowed).toBe(false);
      const { delegation: _pin, claimedChain: _claim, asserted: _said, ...alone } = request;
      if (ask(rich, { ...alone, origin: request.actor }, now).allowed) mighty += 1;
    });
    expect(mighty, 'agents that may do it themselves').toBeGreaterThan(runs(2500) / 10);
  });

  it('7: one condition more never adds an allow, wherever it stands', () => {
    const conditions = fc.constantFrom(...CONDITIONS.plain);
    holds(
      fc.tuple(anything, fc.constantFrom('delegation', 'capability', 'policies'), fc.nat(9), conditions),
      ([{ world, request, now }, where, at, condition]) => {
        const before = ask(world, request, now).allowed;
        const after = ask(narrowed(world, where, at, condition), request, now).allowed;
        if (after) expect(before, `${condition} in ${where}`).toBe(true);
        return !before;
      },
      1500,
    );
  });

  function narrowed(world: World, where: string, at: number, condition: string): World {
    const narrower = moreConditions[CONDITIONS.plain.indexOf(condition)];
    const edge = world.delegations[at % world.delegations.length];
    if (where === 'policies' && narrower !== undefined) return withBundle(world, narrower(world));
    if (edge === undefined) return world;
    if (where === 'delegation') return edge.condition === undefined ? withEdge(world, edge.id, { condition }) : world;
    const capabilities = edge.capabilities.map((one) => (one.condition === undefined ? { ...one, condition } : one));
    return withEdge(world, edge.id, { capabilities });
  }
});

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
      // Where several rules apply, the path names the first one as it stands in its file.
      const other = ask(withBundle(world, reorderedRules(world)), request, now);
      expect(outline(other)).toEqual(outline(ask(world, request, now)));
      return true;
    });
  });
});

describe('32: bounds', () => {
  it('too many chains: what the first ones carry is allowed, what only a later one would is not', () => {
    holds(
      fc.record({ chains: fc.integer({ min: 1, max: 70 }), good: fc.nat(69), base: fc.nat(5) }),
      ({ chains, good, base }) => {
        const world = fanWorld(chains, good % chains, base);
        const decision = ask(world, FAN, 1);
        expect(decision.allowed).toBe(good % chains < 64);
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
      const tuples = [
        ...groups,
        { user: `group:n${depth}#member`, relation: set, object: 'doc:plan' },
        ...(set === 'blocked' ? [{ user: 'user:alice', relation: 'viewer', object: 'doc:plan' }] : []),
      ];
      const delegations = [wideEdge({ id: 'd', from: 'user:alice', to: 'agent:worker' })];
      const world = {
        model,
        policies: NO_POLICIES,
        tuples,
        entities: [],
        delegations,
        revocations: [],
        activations: [],
      };
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

describe('33: templates', () => {
  it('decide like a delegation by the member itself, and for nobody else', () => {
    let refused = 0;
    holds(
      cases({ pool: GENEROUS, conditions: ALL_CONDITIONS, pinned: true }),
      ({ world, request, now }) => {
        const chain = chainsOf(world, request)[0];
        const root = chain?.[0];
        if (root === undefined || !(root.from.includes('#') || root.from.endsWith(':*'))) return false;
        const [object, relation] = root.from.split('#');
        const inSet =
          relation === undefined ||
          (world.model !== undefined &&
            member(world.model, world.tuples, request.origin, relation, object ?? '') === 'yes');
        const asTemplate = ask(world, request, now);
        if (asTemplate.reason === 'unknown_type') return false;
        const concrete = ask(withEdge(world, root.id, { from: request.origin }), request, now);
        if (inSet) {
          expect({ ...shape(asTemplate) }).toEqual({ ...shape(concrete) });
        } else {
          expect(asTemplate.allowed).toBe(false);
          expect(asTemplate.reasons).toContain('not_in_set');
          refused += 1;
        }
        return true;
      },
      3000,
    );
    expect(refused).toBeGreaterThan(runs(3000) / 60);
  });

  const shape = ({ allowed, reasons }: Decision) => ({ allowed, reasons });
});

describe('34: proof of the origin', () => {
  it('weaker proof never adds an allow', () => {
    let lost = 0;
    allowed.holds(({ world, request, now }) => {
      const answers = PROOFS.map((proof) => ask(world, { ...request, proof }, now).allowed);
      const given = PROOFS.indexOf(request.proof);
      answers.slice(given).forEach((answer, at) => {
        expect(answer, PROOFS[given + at]).toBe(true);
      });
      for (const [at, answer] of answers.entries())
        if (answer && at > 0) expect(answers.slice(at).every(Boolean)).toBe(true);
      if (answers.includes(false)) lost += 1;
    });
    expect(lost, 'allows that weaker proof would have lost').toBeGreaterThan(runs(6000) / 200);
  });
});

describe('37: what a request says of principals and resources', () => {
  it('is never over what the directory says', () => {
    let overlaps = 0;
    holds(
      anything,
      ({ world, request, now }) => {
        const known = (entity: string) => world.entities.find((record) => record.entity === entity)?.attributes ?? {};
        const loud = { level: 3, risk: 'low', made_up: true };
        const without = (taken: object) => Object.fromEntries(Object.entries(loud).filter(([key]) => !(key in taken)));
        const asking = (origin: Assertion, actor: Assertion, resourceAttributes: CheckRequest['context']) =>
          ask(
            world,
            { ...request, asserted: { origin, actor }, ...(resourceAttributes && { resourceAttributes }) },
            now,
          );
        const { origin, actor, resource } = request;
        const over = asking({ attributes: loud }, { attributes: loud }, loud);
        const beside = asking(
          { attributes: without(known(origin)) },
          { attributes: without(known(actor)) },
          without(known(resource)),
        );
        expect(over).toEqual(beside);
        if ([origin, actor, resource].some((entity) => Object.keys(known(entity)).length > 0)) overlaps += 1;
        return true;
      },
      1500,
    );
    expect(overlaps).toBeGreaterThan(runs(1500) / 3);
  });

  it('only adds roles, and only to the two ends of the path', () => {
    const deep = cases({ pool: GENEROUS, pinned: true });
    let between = 0;
    holds(
      fc.tuple(deep, fc.constantFrom('admin', 'intern')),
      ([{ world, request, now }, role]: [Case, string]) => {
        const saying = {
          ...request,
          asserted: { origin: { roles: [role] }, actor: { roles: [role, 'agent', 'user'] } },
        };
        const decision = ask(world, saying, now);
        for (const step of decision.chain?.steps ?? []) {
          if (step.kind !== 'principal') continue;
          const { principal, roles } = step;
          const own = world.entities.find(({ entity }) => entity === principal)?.roles ?? [];
          const end = principal === request.origin || principal === request.actor;
          const expected = new Set([...own, principal.slice(0, principal.indexOf(':')), ...(end ? [role] : [])]);
          expect(new Set(roles), principal).toEqual(expected);
          if (!end) between += 1;
        }
        return decision.chain !== undefined;
      },
      1500,
    );
    expect(between).toBeGreaterThan(runs(1500) / 5);
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

/** `chains` delegations to one agent, of which only the one at `good`, in the order of trying, covers the question. */
function fanWorld(chains: number, good: number, base: number): World {
  const delegations = Array.from({ length: chains }, (_, at) =>
    wideEdge({
      id: `f${String(at + base).padStart(3, '0')}`,
      from: at % 2 === 0 ? 'user:alice' : 'user:*',
      to: 'agent:worker',
      capabilities: [{ actions: ['read'], resources: [at === good ? 'doc:*' : 'doc:a/*'] }],
    }),
  );
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
