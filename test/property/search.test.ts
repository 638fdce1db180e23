import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionLog } from '../../src/audit/log.ts';
import type { Caller } from '../../src/callers/caller.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { compileBundle } from '../../src/core/bundle.ts';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest } from '../../src/core/decision.ts';
import { ok } from '../../src/core/result.ts';
import { toBundleSource } from '../../src/engine/bundles/publish.ts';
import { Checks } from '../../src/engine/check.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import type { Question } from '../../src/engine/question.ts';
import { Reaches, type ReachQuestion } from '../../src/engine/search/reach.ts';
import { Searches, type SearchTarget } from '../../src/engine/search/search.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { GENEROUS, MIXED, peopleOf, runs, SEED, show } from '../support/laws.ts';
import { bundleSource, rowsOf } from '../support/real.ts';
import type { World } from '../support/reference.ts';
import { ALL_CONDITIONS, type Case, cases } from '../support/worlds.ts';

/** Law 28, on the engine itself: search and reach find just what checks allow, among what the world names. */
const CASES = fc.oneof(
  cases({ pool: MIXED, wild: true, conditions: ALL_CONDITIONS, pinned: true }),
  cases({ pool: GENEROUS, calm: true, conditions: ALL_CONDITIONS }),
);
const COUNT = runs(100);
/** Small enough that nearly every search has several pages. */
const LIMIT = 2;

const EMPTY = compileBundle(toBundleSource([]));

/** A world in a real store, with the engine on top. Records go nowhere: what they are is not asked here. */
function open({ world, now }: Case) {
  if (!EMPTY.ok) throw new Error('the empty bundle does not compile');
  const store = openSqliteStore(':memory:');
  const bundle = { kind: 'bundle', key: 'current', value: bundleSource(world) } as const;
  store.commit({ at: now, by: 'test', act: 'test', changes: [bundle, ...rowsOf(world)] });
  const ledger = new Ledger(store, () => now, EMPTY.value);
  const log = nowhere();
  return { ledger, checks: new Checks(ledger, log), searches: new Searches(ledger, log), reaches: new Reaches(ledger) };
}

function nowhere(): DecisionLog {
  let sequence = 0;
  return {
    append: async () => {
      sequence += 1;
      return { id: `d_${sequence}`, sequence };
    },
    has: () => false,
    get: () => undefined,
    list: () => ({ records: [] }),
    summarize: () => Promise.resolve({ allowed: 0, denied: 0, observed: 0, groups: {} }),
    state: { status: 'ok', waiting: { records: 0, bytes: 0 }, bytes: 0, last: { sequence: 0, hash: '', root: '' } },
    close: async () => {},
  };
}

function callerOf({ request }: Case): Caller {
  return request.proof === 'asserted' ? { ...DEV_CALLER, vouches: [] } : DEV_CALLER;
}

/** The case's question as a caller would put it, if it can be put. */
function questionOf({ request }: Case): Question | undefined {
  const { actor, origin } = request;
  const isAgent = actor.startsWith('agent:');
  if (!isAgent && actor !== origin) return undefined;
  const parts = { properties: request.resourceAttributes, context: request.context, delegation: request.delegation };
  return {
    subject: { entity: actor },
    ...(isAgent && actor !== origin ? { onBehalfOf: { entity: origin } } : {}),
    action: request.action,
    resource: {
      entity: request.resource,
      ...(parts.properties === undefined ? {} : { properties: parts.properties }),
    },
    ...(parts.context === undefined ? {} : { context: parts.context }),
    ...(parts.delegation === undefined ? {} : { delegation: parts.delegation }),
    ...(request.scope === undefined ? {} : { scope: request.scope }),
  };
}

const typeOf = (entity: string): string => entity.split(':')[0] ?? '';
const isOne = (name: string): boolean => !name.includes('#') && !name.endsWith('*');

/** Those that have their place: a delegation whose parent was never stored counts for nothing. */
function placed(all: World['delegations']): World['delegations'] {
  const ids = new Set<string>();
  for (let size = -1; size !== ids.size; ) {
    size = ids.size;
    for (const { id, parent } of all) if (parent === undefined || ids.has(parent)) ids.add(id);
  }
  return all.filter(({ id }) => ids.has(id));
}

/** Every entity that something in the world names. */
function entitiesIn({ tuples, entities, delegations, activations }: World): readonly string[] {
  const names = [
    ...tuples.flatMap(({ user, object }) => [user.split('#')[0] ?? '', object]),
    ...entities.map(({ entity }) => entity),
    ...placed(delegations).flatMap(({ from, to, origin, capabilities }) => [
      from,
      to,
      ...(origin === undefined ? [] : [origin]),
      ...capabilities.flatMap(({ resources }) => resources),
    ]),
    ...activations.flatMap((one) => (placed(delegations).some(({ id }) => id === one.delegation) ? [one.origin] : [])),
  ];
  return [...new Set(names.filter(isOne))].sort();
}

/** Every action that something in the world names for a type. */
function actionsIn({ model, policies, delegations }: World, type: string): readonly string[] {
  const names = [
    ...Object.keys(model?.[type] ?? {}).flatMap((name) => (name.startsWith('can_') ? [name.slice(4)] : [])),
    ...policies.resources.filter(({ kind }) => kind === type).flatMap(({ rules }) => rules.flatMap((r) => r.actions)),
    ...policies.principals.flatMap(({ rules }) =>
      rules.filter(({ kind }) => kind === type || kind === '*').map(({ action }) => action),
    ),
    ...policies.roles.flatMap(({ rules }) =>
      rules.filter(({ kind }) => kind === type || kind === '*').flatMap(({ actions }) => actions),
    ),
    ...placed(delegations).flatMap(({ capabilities }) =>
      capabilities.filter(({ resources }) => resources.some((r) => typeOf(r) === type)).flatMap((c) => c.actions),
    ),
  ];
  return [...new Set(names.filter((name) => !name.includes('*')))].sort();
}

type Engine = ReturnType<typeof open>;

async function searchAll({ searches }: Engine, target: SearchTarget, question: Question, caller: Caller) {
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = { limit: LIMIT, ...(token === undefined ? {} : { token }) };
    const answer = await searches.search({ target, question }, page, caller);
    if (!answer.ok) throw new Error(answer.error.message);
    expect(answer.value.results.length).toBeLessThanOrEqual(LIMIT);
    found.push(...answer.value.results);
    token = answer.value.next === '' ? undefined : answer.value.next;
  } while (token !== undefined);
  return found;
}

async function allowedAmong(
  { checks }: Engine,
  names: readonly string[],
  ask: (name: string) => Question,
  caller: Caller,
) {
  const answers = await checks.checkAll(
    names.map((name) => ok(ask(name))),
    caller,
  );
  return names.filter((_, index) => {
    const answer = answers[index];
    if (answer?.ok !== true) throw new Error('a check was refused');
    return answer.value.decision;
  });
}

async function reachAll({ reaches }: Engine, question: ReachQuestion, proof: CheckRequest['proof']) {
  const found = [];
  let token: string | undefined;
  do {
    const page = { limit: LIMIT, ...(token === undefined ? {} : { token }) };
    const answer = await reaches.reach(question, proof, page, DEV_CALLER);
    if (!answer.ok) throw new Error(answer.error.message);
    found.push(...answer.value.reached);
    token = answer.value.next;
  } while (token !== undefined);
  return found;
}

/** Holds a law against every drawn case; `met` counts those in which something was found. */
async function holds(law: (engine: Engine, one: Case) => Promise<number>, meets: number): Promise<void> {
  let met = 0;
  for (const one of fc.sample(CASES, { seed: SEED, numRuns: COUNT })) {
    const engine = open(one);
    try {
      if ((await law(engine, one)) > 0) met += 1;
    } catch (cause) {
      throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${show(one)}`);
    } finally {
      engine.ledger.store.close();
    }
  }
  expect(met, `cases (of ${COUNT}) in which something was found`).toBeGreaterThanOrEqual((meets * COUNT) / 100);
}

describe('28: x is found iff a check of x allows', () => {
  test('subjects: which agents for an origin, which origins for an agent, who by itself', async () => {
    await holds(async (engine, one) => {
      const question = questionOf(one);
      if (question === undefined) return 0;
      const caller = callerOf(one);
      const { subject, onBehalfOf, ...rest } = question;
      const agent = subject.entity.startsWith('agent:') ? subject : undefined;
      const forms: readonly [string, (entity: string) => Question][] = [
        ['agent', (entity) => ({ ...question, subject: { entity } })],
        ['user', (entity) => ({ ...rest, subject: { entity }, ...(agent === undefined ? {} : { agent }) })],
      ];
      let count = 0;
      for (const [type, ask] of forms) {
        const names = entitiesIn(one.world).filter((name) => typeOf(name) === type);
        const allowed = await allowedAmong(engine, names, ask, caller);
        expect(await searchAll(engine, 'subject', ask(`${type}:any`), caller)).toEqual(allowed);
        count += allowed.length;
      }
      return count;
    }, 40);
  });

  test('resources', async () => {
    await holds(async (engine, one) => {
      const question = questionOf(one);
      if (question === undefined) return 0;
      const caller = callerOf(one);
      let count = 0;
      for (const type of ['doc', 'tool', 'agent']) {
        const ask = (entity: string): Question => ({ ...question, resource: { ...question.resource, entity } });
        const names = entitiesIn(one.world).filter((name) => typeOf(name) === type);
        const allowed = await allowedAmong(engine, names, ask, caller);
        expect(await searchAll(engine, 'resource', ask(`${type}:any`), caller)).toEqual(allowed);
        count += allowed.length;
      }
      return count;
    }, 40);
  });

  test('actions', async () => {
    await holds(async (engine, one) => {
      const question = questionOf(one);
      if (question === undefined) return 0;
      const caller = callerOf(one);
      const ask = (action: string): Question => ({ ...question, action });
      const names = actionsIn(one.world, typeOf(one.request.resource));
      const allowed = await allowedAmong(engine, names, ask, caller);
      expect(await searchAll(engine, 'action', ask('any'), caller)).toEqual(allowed);
      return allowed.length;
    }, 40);
  });
});

describe('28: what is reached is what is allowed, by chains that carry it', () => {
  test('from an actor for an origin', async () => {
    await holds(async (engine, one) => {
      const { actor, origin, proof } = one.request;
      const found = await reachAll(engine, { kind: 'from', actor, origin }, proof);
      const allowed = entitiesIn(one.world).flatMap((resource) =>
        actionsIn(one.world, typeOf(resource)).flatMap((action) => {
          const decision = decide({ actor, origin, proof, action, resource }, engine.ledger.snapshot, one.now);
          return decision.allowed ? [{ resource, action, path: peopleOf(decision) }] : [];
        }),
      );
      expect(found.map(({ resource, action, chains }) => ({ resource, action, path: chains[0]?.path }))).toEqual(
        allowed,
      );
      for (const { action, resource, chains } of found) {
        for (const { delegations } of chains) {
          const leaf = delegations.at(-1)?.id;
          if (leaf === undefined) continue;
          const request = { actor, origin, proof, action, resource, delegation: leaf };
          expect(decide(request, engine.ledger.snapshot, one.now).allowed).toBe(true);
        }
        const leaves = chains.map(({ delegations }) => delegations.at(-1)?.id);
        expect(new Set(leaves).size).toBe(leaves.length);
      }
      return found.length;
    }, 40);
  });

  test('to a resource, by anybody for anybody', async () => {
    await holds(async (engine, one) => {
      const { action, resource, proof } = one.request;
      const found = await reachAll(engine, { kind: 'to', resource, action }, proof);
      const principals = entitiesIn(one.world).filter((name) => ['user', 'agent'].includes(typeOf(name)));
      const allowed = principals.flatMap((origin) =>
        principals
          .filter(
            (actor) => decide({ actor, origin, proof, action, resource }, engine.ledger.snapshot, one.now).allowed,
          )
          .map((actor) => `${origin} ${actor}`),
      );
      const isPrincipal = (name: string): boolean => ['user', 'agent'].includes(typeOf(name));
      expect(
        found
          .filter(({ origin }) => isPrincipal(origin))
          .map(({ origin, actor }) => `${origin} ${actor}`)
          .sort(),
      ).toEqual(allowed.sort());
      return found.length;
    }, 40);
  });
});
