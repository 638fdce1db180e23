import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { type Delegation, PROOFS } from '../../src/core/delegation/delegation.ts';
import { OPEN_BUNDLE } from '../support/bundles.ts';
import { CONDITIONS } from '../support/conditions.ts';
import {
  ask,
  edgeOf,
  edgesOf,
  GENEROUS,
  holds,
  MIXED,
  POOL,
  peopleOf,
  revocationOf,
  runs,
  Sample,
  wideEdge,
  withEdge,
} from '../support/laws.ts';
import { member } from '../support/model-spec.ts';
import { snapshotOf } from '../support/real.ts';
import { covers, pathOf, type World } from '../support/reference.ts';
import {
  ACTION_PATTERNS,
  ACTIONS,
  AGENTS,
  PRINCIPALS,
  RESOURCE_PATTERNS,
  RESOURCES,
  START,
} from '../support/universe.ts';
import { denialsReadPath, readsClock } from '../support/variants.ts';
import { ALL_CONDITIONS, type Case, cases } from '../support/worlds.ts';

const anything = cases({ pool: POOL, wild: true, conditions: ALL_CONDITIONS, assertions: true });
const TIMELESS = GENEROUS.filter((spec) => !readsClock(spec));
const calm = cases({ pool: TIMELESS, calm: true, pinned: true, conditions: [...CONDITIONS.plain, ...CONDITIONS.path] });

/** The edges of an allow on somebody's behalf, as they are stored; none for every other decision. */
function carriers({ world, request, now }: Case): readonly Delegation[] {
  const decision = ask(world, request, now);
  return decision.allowed ? edgesOf(decision).map((id) => edgeOf(world, id)) : [];
}

const mostlyCalm = cases({ pool: MIXED, wild: true, calm: true, conditions: ALL_CONDITIONS, assertions: true });
const onBehalf = new Sample(mostlyCalm, (one) => carriers(one).length > 0, 8000);
const always = new Sample(
  calm,
  (one) => carriers(one).length > 0 && carriers(one).every((edge) => edge.activation === 'standing'),
  6000,
);
const handedOn = new Sample(calm, (one) => carriers(one).length > 1, 10_000);

describe('an allow and its chain', () => {
  it('1: every edge covers action and resource: intersection, never union', () => {
    onBehalf.holds((one) => {
      const { action, resource } = one.request;
      for (const edge of carriers(one)) {
        const covered = edge.capabilities.some(
          ({ actions, resources }) =>
            actions.some((p) => covers(p, action)) && resources.some((p) => covers(p, resource)),
        );
        expect(covered, `${edge.id} covers ${action} on ${resource}`).toBe(true);
      }
    });
  });

  it('11: edges are connected, and the origin is, or is a member of, the first from', () => {
    onBehalf.holds((one) => {
      const { world, request } = one;
      const edges = carriers(one);
      edges.forEach((edge, at) => {
        const above = edges[at - 1];
        expect(edge.parent).toBe(above?.id);
        if (above !== undefined) expect(edge.from).toBe(above.to);
      });
      expect(edges.at(-1)?.to).toBe(request.actor);
      const from = edges[0]?.from ?? '';
      const [object, relation] = from.split('#');
      if (object !== undefined && relation !== undefined) {
        expect(world.model && member(world.model, world.tuples, request.origin, relation, object)).toBe('yes');
      } else if (from.endsWith(':*')) expect(covers(from, request.origin)).toBe(true);
      else expect(from).toBe(request.origin);
    });
  });

  it('12: one origin, and nobody twice', () => {
    onBehalf.holds((one) => {
      const edges = carriers(one);
      const path = pathOf(one.request.origin, edges);
      expect(new Set(path).size).toBe(path.length);
      expect(peopleOf(ask(one.world, one.request, one.now))).toEqual(path);
      for (const edge of edges) expect([undefined, one.request.origin]).toContain(edge.origin);
    });
  });

  it('12: the origin that an edge names binds everything below it', () => {
    handedOn.holds((one) => {
      const { world, request, now } = one;
      const edges = carriers(one);
      for (const [at, edge] of edges.entries()) {
        const named = withEdge(world, edge.id, { origin: 'user:mallory' });
        expect(ask(named, request, now).allowed, edge.id).toBe(false);
        const below = edges[at + 1];
        if (below === undefined) continue;
        const renamed = withEdge(named, below.id, { origin: request.origin });
        expect(ask(renamed, request, now).allowed, `${edge.id}, then ${below.id}`).toBe(false);
      }
    });
  });

  it('34: the origin is proven at least as well as every edge asks for', () => {
    onBehalf.holds((one) => {
      const given = PROOFS.indexOf(one.request.proof);
      for (const { proof } of carriers(one)) expect(given).toBeGreaterThanOrEqual(PROOFS.indexOf(proof));
    });
  });

  it('3: one hop more never turns a deny into an allow', () => {
    const pool = GENEROUS.filter((spec) => !denialsReadPath(spec));
    let allowed = 0;
    holds(
      cases({ pool, pinned: true, conditions: ALL_CONDITIONS }),
      ({ world, request, now }) => {
        if (request.delegation === undefined) return false;
        const leaf = edgeOf(world, request.delegation);
        const hop = wideEdge({ id: 'hop', parent: leaf.id, from: leaf.to, to: 'agent:extra' });
        const before = ask(world, { ...request, actor: leaf.to }, now).allowed;
        const longer = { ...world, delegations: [...world.delegations, hop] };
        const after = ask(longer, { ...request, actor: 'agent:extra', delegation: 'hop' }, now).allowed;
        if (after) expect(before).toBe(true);
        if (after) allowed += 1;
        return !before;
      },
      2500,
    );
    expect(allowed, 'hops that carried what the chain above them carries').toBeGreaterThan(runs(2500) / 20);
  });

  it('6: every condition of every edge is conjoined; false, an error or a missing input denies', () => {
    always.holds((one) => {
      const { world, request, now } = one;
      for (const edge of carriers(one)) {
        for (const condition of [CONDITIONS.fails, CONDITIONS.errs, 'request.context.absent == true']) {
          const capabilities = edge.capabilities.map((capability) => ({ ...capability, condition }));
          for (const change of [{ condition }, { capabilities }]) {
            const after = ask(withEdge(world, edge.id, change), request, now);
            expect(after.reasons).toEqual([condition === CONDITIONS.fails ? 'condition_false' : 'condition_error']);
          }
        }
      }
    });
  });

  it('8: a chain is valid exactly on [max not_before, min expires_at)', () => {
    always.holds((one) => {
      const edges = carriers(one);
      const from = Math.max(...edges.map((edge) => edge.not_before));
      const until = Math.min(...edges.map((edge) => edge.expires_at ?? Number.POSITIVE_INFINITY));
      const snapshot = snapshotOf(one.world);
      for (const time of [from - 1, from, until - 1, until, until + 1].filter(Number.isFinite)) {
        expect(decide(one.request, snapshot, time).allowed, `at ${time}`).toBe(from <= time && time < until);
      }
    });
  });

  it('9: depth is read off the graph, edge by edge', () => {
    always.holds((one) => {
      const { world, request, now } = one;
      const edges = carriers(one);
      edges.forEach((edge, at) => {
        const below = edges.length - 1 - at;
        expect(ask(withEdge(world, edge.id, { max_depth: below }), request, now).allowed).toBe(true);
        if (below === 0) return;
        const shallow = ask(withEdge(world, edge.id, { max_depth: below - 1 }), request, now);
        expect(shallow.reasons).toEqual(['depth_exceeded']);
      });
    });
  });

  it('10: nothing passes below max_depth 0, whatever stands further down', () => {
    handedOn.holds((one) => {
      const { world, request, now } = one;
      const edges = carriers(one);
      const deep = edges.reduce((w, edge) => withEdge(w, edge.id, { max_depth: 9 }), world);
      expect(ask(deep, request, now).allowed).toBe(true);
      for (const edge of edges.slice(0, -1)) {
        expect(ask(withEdge(deep, edge.id, { max_depth: 0 }), request, now).allowed).toBe(false);
      }
    });
  });

  it('onward_to binds everybody further down, not only the next', () => {
    handedOn.holds((one) => {
      const { world, request, now } = one;
      const edges = carriers(one);
      for (const [at, edge] of edges.entries()) {
        const below = edges.slice(at + 1).map((other) => other.to);
        expect(ask(withEdge(world, edge.id, { onward_to: below }), request, now).allowed).toBe(true);
        for (const missing of below) {
          const onward_to = [...below.filter((other) => other !== missing), 'agent:nobody'];
          const after = ask(withEdge(world, edge.id, { onward_to }), request, now);
          expect(after.reasons, `${edge.id} not to ${missing}`).toEqual(['depth_exceeded']);
        }
      }
    });
  });

  it('14: another delegation, however wide, does not stand in for the parent', () => {
    handedOn.holds((one) => {
      const { world, request, now } = one;
      const leaf = edgeOf(world, carriers(one).at(-1)?.id ?? '');
      const other = wideEdge({ id: 'other', from: request.origin, to: leaf.from });
      const without: World = { ...world, delegations: world.delegations.filter(({ id }) => id !== leaf.parent) };
      const revoked: World = { ...world, revocations: [...world.revocations, revocationOf(leaf.parent ?? '')] };
      for (const orphaned of [without, revoked]) {
        const rescued = { ...orphaned, delegations: [...orphaned.delegations, other] };
        expect(ask(rescued, { ...request, actor: leaf.from, delegation: 'other' }, now).chain?.delegation).toBe(
          'other',
        );
        expect(ask(rescued, request, now).allowed).toBe(false);
      }
    });
  });
});

describe('13: cycles', () => {
  const links = fc.array(fc.record({ parent: fc.nat(12), to: fc.nat(20), child: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  });

  it('an edge that closes a cycle adds no authority, and the walk ends', () => {
    holds(
      fc.tuple(anything, links),
      ([{ world, request, now }, raw]) => {
        const before = ask(world, request, now);
        const added = raw.flatMap(({ parent, to }, at) => {
          const above = world.delegations[parent % world.delegations.length];
          if (above === undefined) return [];
          const chain = ancestry(world, above);
          const people = [...chain.map((edge) => edge.to), ...chain.map((edge) => edge.from)];
          const back = people[to % people.length] ?? above.to;
          return PRINCIPALS.some((one) => one === back)
            ? [wideEdge({ id: `c${at}`, parent: above.id, from: above.to, to: back })]
            : [];
        });
        const cyclic = { ...world, delegations: [...world.delegations, ...added] };
        const after = ask(cyclic, request, now);
        expect(after.allowed).toBe(before.allowed);
        for (const { id, to } of added) {
          const { claimedChain: _claim, ...alone } = request;
          if (to === request.origin) continue;
          expect(ask(cyclic, { ...alone, actor: to, delegation: id }, now).allowed, id).toBe(false);
        }
        expect(after.chain?.delegation?.startsWith('c') ?? false).toBe(false);
        return added.length > 0;
      },
      1500,
    );
  });

  it('delegations whose parents run in a circle carry nothing', () => {
    holds(
      fc.tuple(anything, fc.integer({ min: 1, max: 6 })),
      ([{ world, request, now }, length]) => {
        const circle = Array.from({ length }, (_, at) =>
          wideEdge({
            id: `c${at}`,
            parent: `c${(at + 1) % length}`,
            from: request.origin,
            to: at === 0 ? request.actor : `agent:c${at}`,
          }),
        );
        const before = ask(world, request, now);
        const after = ask({ ...world, delegations: [...world.delegations, ...circle] }, request, now);
        expect(after).toEqual(before);
        expect(ask({ ...world, delegations: circle }, { ...request, delegation: 'c0' }, now).allowed).toBe(false);
        return true;
      },
      1000,
    );
  });

  function ancestry(world: World, edge: Delegation): readonly Delegation[] {
    const chain = [edge];
    for (let steps = 0; steps < 12; steps += 1) {
      const parent = world.delegations.find(({ id }) => id === chain[0]?.parent);
      if (parent === undefined) break;
      chain.unshift(parent);
    }
    return chain;
  }
});

describe('4: the capabilities of a chain', () => {
  const capability = fc.record(
    {
      actions: fc.uniqueArray(fc.constantFrom(...ACTION_PATTERNS), { minLength: 1, maxLength: 3 }),
      resources: fc.uniqueArray(fc.constantFrom(...RESOURCE_PATTERNS), { minLength: 1, maxLength: 4 }),
      condition: fc.constantFrom('true', 'R.attr.risk == "low"', 'request.context.urgent == true', 'R.attr.gone == 1'),
    },
    { requiredKeys: ['actions', 'resources'] },
  );
  const set = fc.array(capability, { minLength: 1, maxLength: 3 });

  /** Whether a chain with these sets, first to last, carries the question for alice. */
  function carries(
    sets: readonly Delegation['capabilities'][],
    question: { action: string; resource: string; urgent: boolean },
  ) {
    const delegations = sets.map((capabilities, at) =>
      wideEdge({
        id: `e${at}`,
        ...(at === 0 ? {} : { parent: `e${at - 1}` }),
        from: at === 0 ? 'user:alice' : (AGENTS[at - 1] ?? ''),
        to: AGENTS[at] ?? '',
        capabilities,
        max_depth: 9 - at,
      }),
    );
    const world: World = { ...OPEN_BUNDLE, tuples: [], entities: [], revocations: [], activations: [], delegations };
    const request = {
      actor: AGENTS[sets.length - 1] ?? '',
      origin: 'user:alice',
      proof: 'verified' as const,
      action: question.action,
      resource: question.resource,
      resourceAttributes: { risk: 'low' },
      context: { urgent: question.urgent },
    };
    return ask(world, request, START).allowed;
  }

  it('are the same under any bracketing and in any order of its edges', () => {
    let carried = 0;
    holds(
      fc.record({
        a: set,
        b: set,
        c: set,
        action: fc.constantFrom(...ACTIONS),
        resource: fc.constantFrom(...RESOURCES),
        urgent: fc.boolean(),
      }),
      ({ a, b, c, ...question }) => {
        const whole = carries([a, b, c], question);
        expect(carries([a, b], question) && carries([c], question)).toBe(whole);
        expect(carries([a], question) && carries([b, c], question)).toBe(whole);
        expect(carries([c, a, b], question)).toBe(whole);
        if (whole) carried += 1;
        return true;
      },
      1500,
    );
    expect(carried).toBeGreaterThan(runs(1500) / 30);
  });
});

describe('30: claimed chains', () => {
  const people = fc.array(fc.constantFrom(...PRINCIPALS), { maxLength: 4 });

  it('never add authority, and are either the chain in the graph or a mismatch', () => {
    let mismatches = 0;
    holds(
      fc.tuple(cases({ pool: GENEROUS, calm: true, conditions: ALL_CONDITIONS, wild: true }), people, fc.boolean()),
      ([{ world, request, now }, invented, honest]) => {
        const { claimedChain: _none, ...unclaimed } = request;
        const without = ask(world, unclaimed, now);
        const claimedChain = honest ? peopleOf(without) : [request.origin, ...invented, request.actor];
        const claiming = ask(world, { ...unclaimed, claimedChain }, now);
        if (claiming.allowed) {
          expect(without.allowed).toBe(true);
          expect(peopleOf(claiming)).toEqual(claimedChain);
        }
        if (honest && without.allowed) expect(claiming.chain).toEqual(without.chain);
        if (claiming.reasons.includes('claim_mismatch')) mismatches += 1;
        return without.allowed;
      },
      3500,
    );
    expect(mismatches).toBeGreaterThan(runs(3000) / 45);
  });

  it('9: do not change the depth that conditions see', () => {
    holds(
      fc.tuple(cases({ pool: GENEROUS, pinned: true, conditions: CONDITIONS.path }), people),
      ([{ world, request, now }, invented]) => {
        const explained = (claimedChain: readonly string[] | undefined) => {
          const decision = decide(
            {
              ...request,
              ...(claimedChain === undefined ? {} : { claimedChain }),
              context: { depth: 9, D: { depth: 9 } },
            },
            snapshotOf(world),
            now,
          );
          return decision.chain?.steps;
        };
        const claimed = explained([request.origin, ...invented, request.actor]);
        expect(claimed).toEqual(explained(undefined));
        return (claimed?.length ?? 0) > 2;
      },
      1800,
    );
  });
});
