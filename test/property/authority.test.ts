import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assertion, CheckRequest, Decision } from '../../src/core/decision.ts';
import { PROOFS } from '../../src/core/delegation/delegation.ts';

import { CONDITIONS } from '../support/conditions.ts';
import { ask, GENEROUS, holds, MIXED, POOL, runs, Sample, withBundle, withEdge } from '../support/laws.ts';
import { member } from '../support/model-spec.ts';

import { chainsOf, type World } from '../support/reference.ts';
import { PRINCIPALS } from '../support/universe.ts';
import { denialsReadPath, isGenerous, mightyAgents, moreConditions, unentitled } from '../support/variants.ts';
import { ALL_CONDITIONS, type Case, cases } from '../support/worlds.ts';

const anything = cases({ pool: POOL, wild: true, conditions: ALL_CONDITIONS, assertions: true });

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
      // What is said of the actor is about somebody else once the origin acts for itself.
      const { delegation: _pin, claimedChain: _claim, asserted, ...alone } = request;
      const own = {
        ...alone,
        actor: request.origin,
        ...(asserted?.origin && { asserted: { origin: asserted.origin } }),
      };
      if (request.actor !== request.origin && !denialsReadPath(world)) expect(ask(world, own, now).allowed).toBe(true);
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

  it('7: one condition more on a delegation or a capability never adds an allow', () => {
    const conditions = fc.constantFrom(...CONDITIONS.plain);
    holds(
      fc.tuple(anything, fc.constantFrom('delegation', 'capability'), fc.nat(9), conditions),
      ([{ world, request, now }, where, at, condition]) => {
        const before = ask(world, request, now).allowed;
        const after = ask(narrowed(world, where, at, condition), request, now).allowed;
        if (after) expect(before, `${condition} in ${where}`).toBe(true);
        return !before;
      },
      1500,
    );
  });

  it('7: one condition more on an allow rule never adds an allow, not even by the model', () => {
    // Here the policies often speak of the action without allowing it, and the model would.
    const pool = POOL.filter((spec) => spec.model !== undefined && !isGenerous(spec));
    let moot = 0;
    holds(
      fc.tuple(cases({ pool, calm: true, conditions: ['true'] }), fc.nat(CONDITIONS.plain.length - 1)),
      ([{ world, request, now }, at]) => {
        const narrower = moreConditions[at]?.(world) ?? world;
        const reading = { ...request, action: 'read', resource: 'doc:plan' };
        const viewers = [...world.tuples, { user: request.origin, relation: 'viewer', object: 'doc:plan' }];
        const known = { ...world, tuples: viewers };
        const before = ask(known, reading, now).allowed;
        const after = ask(withBundle(known, narrower), reading, now).allowed;
        if (after) expect(before, CONDITIONS.plain[at]).toBe(true);
        if (before) moot += 1;
        return !before;
      },
      2000,
    );
    expect(moot, 'questions that were allowed anyway').toBeGreaterThan(runs(2000) / 50);
  });

  function narrowed(world: World, where: string, at: number, condition: string): World {
    const edge = world.delegations[at % world.delegations.length];
    if (edge === undefined) return world;
    if (where === 'delegation') return edge.condition === undefined ? withEdge(world, edge.id, { condition }) : world;
    const capabilities = edge.capabilities.map((one) => (one.condition === undefined ? { ...one, condition } : one));
    return withEdge(world, edge.id, { capabilities });
  }
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
