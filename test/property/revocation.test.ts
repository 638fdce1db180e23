import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import { decide } from '../../src/core/decide.ts';
import type { EntityRecord } from '../../src/core/snapshot.ts';
import { State } from '../../src/core/state.ts';
import { ask, edgeOf, edgesOf, GENEROUS, holds, POOL, peopleOf, revocationOf, runs, Sample } from '../support/laws.ts';
import { bundleOf, rowsOf, snapshotOf } from '../support/real.ts';
import { reference, type World } from '../support/reference.ts';
import { PRINCIPALS, USERS } from '../support/universe.ts';
import { ALL_CONDITIONS, cases } from '../support/worlds.ts';

const anything = cases({ pool: POOL, wild: true, conditions: ALL_CONDITIONS });
const generous = cases({ pool: GENEROUS, calm: true, conditions: ['true', 'R.attr.risk == "low"'] });
/** Allows on somebody's behalf, each with a number to pick something by. */
const allowed = new Sample(
  fc.tuple(generous, fc.nat(20)),
  ([{ world, request, now }]) => {
    const decision = ask(world, request, now);
    return decision.allowed && edgesOf(decision).length > 0;
  },
  4000,
);

function revoked(world: World, id: string, origin?: string): World {
  return { ...world, revocations: [...world.revocations, revocationOf(id, origin)] };
}

/** A state with the world in it, and a way to write more. */
function stateOf(world: World) {
  const state = new State();
  for (const row of rowsOf(world)) state.apply(row, 1);
  const bundle = bundleOf(world);
  return { write: (change: Change) => state.apply(change, 2), snapshot: () => state.snapshot(bundle) };
}

describe('revoking', () => {
  it('15: kills the delegation and everything derived from it, on the next call', () => {
    allowed.holds(([{ world, request, now }, at]) => {
      const state = stateOf(world);
      const edges = edgesOf(decide(request, state.snapshot(), now));
      const victim = edges[at % edges.length] ?? '';
      state.write({ kind: 'revocation', key: victim, value: revocationOf(victim) });
      const after = decide(request, state.snapshot(), now);
      if (after.allowed) expect(edgesOf(after)).not.toContain(victim);
      for (const leaf of edges.slice(edges.indexOf(victim))) {
        const below = decide({ ...request, actor: edgeOf(world, leaf).to, delegation: leaf }, state.snapshot(), now);
        expect(below.allowed).toBe(false);
        expect(below.reasons).toContain('revoked');
      }
    });
  });

  it('16: leaves alone what another live chain carries', () => {
    let rescued = 0;
    allowed.holds(([{ world, request, now }, at]) => {
      const before = ask(world, request, now);
      const victim = world.delegations[at % world.delegations.length]?.id ?? '';
      const after = ask(revoked(world, victim), request, now);
      if (!edgesOf(before).includes(victim)) expect(after.chain).toEqual(before.chain);
      else if (reference(revoked(world, victim), request, now).allowed) {
        expect(after.allowed).toBe(true);
        rescued += 1;
      }
    });
    expect(rescued, 'allows that another chain kept').toBeGreaterThan(runs(4000) / 1000);
  });

  it('17: is final: the same grant again is another one, and what hung below the first stays dead', () => {
    allowed.holds(([{ world, request, now }]) => {
      const [root, ...below] = edgesOf(ask(world, request, now)).map((id) => edgeOf(world, id));
      if (root === undefined) throw new Error('an allow on behalf has edges');
      const state = stateOf(world);
      state.write({ kind: 'revocation', key: root.id, value: revocationOf(root.id) });
      state.write({ kind: 'delegation', key: 'again', value: { ...root, id: 'again' } });
      for (const dead of [root, ...below]) {
        expect(decide({ ...request, actor: dead.to, delegation: dead.id }, state.snapshot(), now).allowed).toBe(false);
      }
      const anew = decide({ ...request, actor: root.to, delegation: 'again' }, state.snapshot(), now);
      const once = ask(world, { ...request, actor: root.to, delegation: root.id }, now);
      expect(anew.allowed).toBe(once.allowed && root.activation === 'standing');
    });
  });

  it('18: is idempotent, and the order of revocations does not matter', () => {
    const revocations = fc.array(fc.tuple(fc.nat(9), fc.constantFrom(undefined, undefined, ...USERS)), {
      minLength: 1,
      maxLength: 5,
    });
    holds(fc.tuple(generous, revocations, fc.boolean()), ([{ world, request, now }, picks, early]) => {
      const rows = picks.flatMap(([at, origin]): Change[] => {
        const id = world.delegations[at % world.delegations.length]?.id;
        const key = origin === undefined ? `${id}` : `${id}|${origin}`;
        return id === undefined ? [] : [{ kind: 'revocation', key, value: revocationOf(id, origin) }];
      });
      const base = rowsOf({ ...world, revocations: [] });
      const once = decide(request, snapshotOf(world, [...base, ...rows]), now);
      const backwards = [...rows].reverse();
      const other = early ? [...backwards, ...base] : [...base, ...backwards, ...rows];
      expect(decide(request, snapshotOf(world, other), now)).toEqual(once);
      return true;
    });
  });

  it('18: adds no allow', () => {
    holds(
      fc.tuple(anything, fc.nat(9), fc.constantFrom(undefined, ...USERS)),
      ([{ world, request, now }, at, origin]) => {
        const victim = world.delegations[at % world.delegations.length]?.id ?? '';
        const before = ask(world, request, now).allowed;
        const after = ask(revoked(world, victim, origin), request, now).allowed;
        if (!before) expect(after).toBe(false);
        return !before;
      },
      1500,
    );
  });

  it('35: a withdrawal by one origin changes nothing for another, and stops its own', () => {
    let stopped = 0;
    holds(
      fc.tuple(generous, fc.nat(9), fc.constantFrom(...USERS)),
      ([{ world, request, now }, at, origin]) => {
        const before = ask(world, request, now);
        const chain = edgesOf(before);
        const victim = chain[at % chain.length] ?? world.delegations[0]?.id ?? '';
        const after = ask(revoked(world, victim, origin), request, now);
        if (request.origin !== origin) expect(after).toEqual(before);
        else if (before.allowed && chain.length > 0) {
          expect(after.allowed && edgesOf(after).includes(victim)).toBe(false);
          stopped += 1;
        }
        return request.origin !== origin;
      },
      1700,
    );
    expect(stopped).toBeGreaterThan(runs(1700) / 25);
  });
});

describe('31: suspending and deleting', () => {
  function record(world: World, entity: string, change: Partial<EntityRecord>): Change {
    const known = world.entities.find((one) => one.entity === entity);
    const value = { entity, roles: [], attributes: {}, suspended: false, deleted: false, ...known, ...change };
    return { kind: 'entity', key: entity, value };
  }

  it('nothing passes through a suspended principal, and resuming restores every decision', () => {
    allowed.holds(([{ world, request, now }, at]) => {
      const state = stateOf(world);
      const before = decide(request, state.snapshot(), now);
      const people = peopleOf(before);
      const someone = people[at % people.length] ?? '';
      state.write(record(world, someone, { suspended: true }));
      const during = decide(request, state.snapshot(), now);
      if (during.allowed) expect(peopleOf(during)).not.toContain(someone);
      if (someone === request.origin || someone === request.actor) expect(during.reasons).toContain('suspended');
      state.write(record(world, someone, { suspended: false }));
      expect({ ...decide(request, state.snapshot(), now), revision: 1 }).toEqual(before);
    });
  });

  it('nothing passes through a deleted principal', () => {
    allowed.holds(([{ world, request, now }, at]) => {
      const state = stateOf(world);
      const people = peopleOf(decide(request, state.snapshot(), now));
      const someone = people[at % people.length] ?? '';
      state.write(record(world, someone, { deleted: true }));
      const during = decide(request, state.snapshot(), now);
      if (during.allowed) expect(peopleOf(during)).not.toContain(someone);
      if (someone === request.origin || someone === request.actor) expect(during.reasons).toContain('deleted');
    });
  });
});

describe('20, 21: writes', () => {
  it('are seen by the next decision: a state grown row by row decides like one made whole', () => {
    let allows = 0;
    holds(
      fc.tuple(generous, fc.integer()),
      ([{ world, request, now }, seed]) => {
        const rows = shuffled(rowsOf(world), seed);
        const state = new State();
        const bundle = bundleOf(world);
        rows.forEach((row, at) => {
          state.apply(row, at + 1);
          if (at % 3 !== rows.length % 3) return;
          const here = rows.slice(0, at + 1);
          const expected = reference(worldOf(world, here), request, now);
          const found = decide(request, state.snapshot(bundle), now);
          expect({ allowed: found.allowed, by: found.allowed ? found.chain?.delegation : undefined }).toEqual({
            allowed: expected.allowed,
            by: expected.allowed ? expected.delegation : undefined,
          });
          if (found.allowed) allows += 1;
        });
        return true;
      },
      1000,
    );
    expect(allows).toBeGreaterThan(runs(1000) / 5);
  });

  it('21: an exclusion written before a grant is honoured wherever the grant is seen', () => {
    // Where the exclusion is one branch of a union, another branch may still grant: as the model says.
    const model = POOL.filter((spec) => spec.model?.doc?.can_read?.is === 'but not');
    holds(
      fc.tuple(cases({ pool: model }), fc.constantFrom(...PRINCIPALS), fc.integer()),
      ([{ world, request, now }, someone, seed]) => {
        const exclusion: Change = tupleRow(someone, 'blocked', 'doc:plan');
        const rest = shuffled(rowsOf(world), seed).filter(
          (row) => !(row.kind === 'relationship' && row.key === exclusion.key),
        );
        const grants = rest.filter((row) => row.kind === 'relationship' && row.key.includes('viewer'));
        const state = new State();
        const bundle = bundleOf(world);
        [exclusion, ...rest].forEach((row, at) => {
          state.apply(row, at + 1);
        });
        const reading = { ...request, action: 'read', resource: 'doc:plan' };
        const people = new Set<string>();
        for (const actor of PRINCIPALS) {
          const { delegation: _any, ...open } = reading;
          const decision = decide({ ...open, actor }, state.snapshot(bundle), now);
          if (decision.allowed) for (const one of peopleOf(decision)) people.add(one);
        }
        expect([...people]).not.toContain(someone);
        return grants.length > 0;
      },
      1500,
      1000,
    );
  });

  function tupleRow(user: string, relation: string, object: string): Change {
    return { kind: 'relationship', key: `${object}#${relation}@${user}`, value: { user, relation, object } };
  }

  /** What the lists look like once these rows are written. */
  function worldOf(world: World, rows: readonly Change[]): World {
    const values = <K extends Change['kind']>(kind: K) =>
      rows.flatMap((row) =>
        row.kind === kind && row.value !== null ? [row.value as Extract<Change, { kind: K }>['value']] : [],
      );
    return {
      ...world,
      tuples: values('relationship').filter((value) => value !== null),
      entities: values('entity'),
      delegations: values('delegation'),
      revocations: values('revocation'),
      activations: values('activation').filter((value) => value !== null),
    };
  }

  /** The same order for the same seed. */
  function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
    const keyed = items.map((item, at) => ({ item, key: Math.sin(seed + 31 * at) }));
    return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
  }
});
