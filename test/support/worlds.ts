import fc from 'fast-check';
import type { CheckRequest } from '../../src/core/decision.ts';
import { type Capability, type Delegation, PROOFS, type Revocation } from '../../src/core/delegation/delegation.ts';
import type { EntityId } from '../../src/core/entity.ts';
import type { EntityRecord } from '../../src/core/snapshot.ts';
import type { BundleSpec } from './bundles.ts';
import { CONDITIONS } from './conditions.ts';
import { member } from './model-spec.ts';
import { chainsOf, covers, pathOf, type World } from './reference.ts';
import {
  ACTION_PATTERNS,
  ACTIONS,
  AGENTS,
  HOUR,
  PRINCIPAL_PATTERNS,
  PRINCIPALS,
  RESOURCE_PATTERNS,
  RESOURCES,
  SETS,
  START,
  STRANGERS,
  TUPLES,
  USERS,
} from './universe.ts';

/** One question to one world. */
export interface Case {
  readonly world: World;
  readonly request: CheckRequest;
  readonly now: number;
}

/** What a world may contain; laws that are about less ask for less. */
export interface Options {
  readonly pool: readonly BundleSpec[];
  /** Edges whose stored data was not attenuated, whose parents are missing or run in circles. */
  readonly wild?: boolean;
  /** Conditions of delegations and capabilities are drawn from these. */
  readonly conditions?: readonly string[];
  /** The request names one chain. */
  readonly pinned?: boolean;
  /** Roles and attributes asserted by the caller, claimed chains. */
  readonly assertions?: boolean;
  /** Little is revoked, expired, suspended or asked for amiss: most questions are allowed, over several hops. */
  readonly calm?: boolean;
}

/** Picks an element by a number that shrinks towards the first. */
function pick<T>(items: readonly T[], at: number): T {
  const item = items[at % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** One of the conditions in so many of a hundred cases; none where there are none. */
const conditionOf = (conditions: readonly string[], percent: number) =>
  conditions.length === 0 ? fc.constant(undefined) : sometimes(fc.constantFrom(...conditions), percent);
const weighted = <T>(...entries: readonly (readonly [number, T])[]) =>
  fc.oneof(...entries.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, percent: number) =>
  fc.oneof({ weight: 100 - percent, arbitrary: fc.constant(undefined) }, { weight: percent, arbitrary });
const chance = (percent: number) => sometimes(fc.constant(true), percent).map((value) => value ?? false);

function rawCapability(conditions: readonly string[], percent: number) {
  return fc
    .record({
      actions: fc.oneof(
        { weight: 3, arbitrary: fc.constant(['*']) },
        { weight: 2, arbitrary: fc.uniqueArray(fc.constantFrom(...ACTION_PATTERNS), { minLength: 1, maxLength: 2 }) },
      ),
      resources: fc.oneof(
        { weight: 4, arbitrary: fc.constant(['doc:*', 'tool:*']) },
        { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...RESOURCE_PATTERNS), { minLength: 1, maxLength: 3 }) },
      ),
      condition: conditionOf(conditions, percent),
    })
    .map(({ condition, ...rest }): Capability => ({ ...rest, ...(condition === undefined ? {} : { condition }) }));
}

function rawEdge(options: Options) {
  const conditions = options.conditions ?? [];
  const calm = options.calm === true;
  return fc.record({
    key: fc.nat(99),
    root: chance(calm ? 10 : 25),
    parent: weighted([calm ? 16 : 4, 0], [2, 1], [1, 2], [1, 5]),
    from: fc.nat(50),
    set: chance(55),
    to: fc.nat(50),
    toUser: chance(4),
    named: chance(10),
    inherits: chance(calm ? 95 : 85),
    capabilities: fc.array(rawCapability(conditions, calm ? 8 : 15), { minLength: 1, maxLength: 2 }),
    condition: conditionOf(conditions, calm ? 5 : 10),
    proof: weighted([14, 'asserted' as const], [5, 'vouched' as const], [1, 'verified' as const]),
    session: chance(calm ? 5 : 15),
    opened: weighted([12, 'yes' as const], [1, 'no' as const], [1, 'late' as const], [1, 'overlong' as const]),
    session_s: weighted([3, undefined], [2, 3600], [1, 600]),
    window: weighted(
      [calm ? 150 : 40, 'open'],
      [5, 'bounded'],
      [1, 'ends now'],
      [1, 'begins now'],
      [1, 'future'],
      [1, 'past'],
    ),
    depth: weighted([calm ? 80 : 8, 5], [2, 3], [1, 1], [1, 0]),
    onward: sometimes(fc.uniqueArray(fc.constantFrom(...PRINCIPAL_PATTERNS), { minLength: 1, maxLength: 2 }), 8),
    wild: chance(options.wild === true ? 8 : 0),
    wildness: fc.nat(20),
    age: weighted([3, 2 * HOUR], [1, HOUR], [1, 0]),
    revoked: weighted([calm ? 200 : 40, 'no'], [1, 'all'], [1, 'alice']),
  });
}
type RawEdge = ReturnType<typeof rawEdge> extends fc.Arbitrary<infer T> ? T : never;

const rawEntity = fc.record({
  roles: fc.subarray(['admin', 'intern']),
  level: weighted([1, undefined], [2, 3], [1, 1]),
  standing: weighted([30, 'good'], [1, 'suspended'], [1, 'deleted']),
});

function rawRequest(options: Options) {
  const assertions = options.assertions === true;
  return fc.record({
    edge: weighted([3, 0], [2, 1], [2, 2], [1, 3], [1, 5]),
    aimed: chance(options.calm === true ? 100 : 96),
    origin: fc.nat(50),
    actor: fc.nat(50),
    stranger: chance(options.calm === true ? 0 : 1),
    self: chance(options.pinned === true || options.calm === true ? 0 : 8),
    pin: chance(options.pinned === true ? 100 : 15),
    proof: weighted(
      [options.calm === true ? 30 : 4, 'verified' as const],
      [4, 'vouched' as const],
      [1, 'asserted' as const],
    ),
    action: fc.constantFrom(...ACTIONS),
    resource: weighted<string>(...RESOURCES.map((name) => [15, name] as const), [1, 'ghost:castle']),
    matched: chance(options.calm === true ? 100 : 85),
    target: fc.nat(50),
    urgent: weighted([2, undefined], [2, true], [1, false]),
    risk: weighted([2, undefined], [1, 'low'], [1, 'high']),
    role: sometimes(fc.constantFrom('admin', 'intern'), assertions ? 20 : 0),
    level: sometimes(fc.constantFrom(1, 3), assertions ? 25 : 0),
    about: weighted([1, 'origin' as const], [1, 'actor' as const]),
    claim: weighted([assertions ? 8 : 1, 'none'], [assertions ? 2 : 0, 'right'], [assertions ? 1 : 0, 'wrong']),
    scope: chance(30),
  });
}
type RawRequest = ReturnType<typeof rawRequest> extends fc.Arbitrary<infer T> ? T : never;

/** Worlds with one question each; most questions are aimed at a delegation, so that allows are frequent. */
export function cases(options: Options): fc.Arbitrary<Case> {
  return fc
    .record({
      bundle: fc.nat(options.pool.length - 1),
      tuples: fc.array(fc.nat(TUPLES.length - 1), { minLength: 3, maxLength: 18 }),
      principals: fc.array(fc.tuple(fc.nat(PRINCIPALS.length - 1), rawEntity), { maxLength: 5 }),
      risks: fc.array(fc.tuple(fc.nat(RESOURCES.length - 1), fc.constantFrom('low', 'low', 'high')), { maxLength: 4 }),
      edges: fc.array(rawEdge(options), { minLength: 1, maxLength: 8 }),
      request: rawRequest(options),
      now: weighted([6, START], [1, Date.UTC(2026, 5, 2)]),
    })
    .map((raw) => {
      const spec = pick(options.pool, raw.bundle);
      const sets = spec.model === undefined ? ['user:*'] : [...SETS, 'user:*'];
      const delegations = buildForest(raw.edges, sets, raw.now);
      const world: World = {
        ...(spec.model === undefined ? {} : { model: spec.model }),
        policies: spec.policies,
        tuples: distinct(
          raw.tuples.map((at) => pick(TUPLES, at)),
          (t) => `${t.object}#${t.relation}@${t.user}`,
        ),
        entities: buildEntities(raw.principals, raw.risks),
        delegations,
        revocations: raw.edges.flatMap((edge, at) => revocation(edge.revoked, pick(delegations, at))),
        activations: raw.edges.flatMap((edge, at) => activations(edge.opened, pick(delegations, at), raw.now)),
      };
      return { world, request: buildRequest(raw.request, world), now: raw.now };
    });
}

function buildForest(raws: readonly RawEdge[], sets: readonly string[], now: number): readonly Delegation[] {
  const made: Delegation[] = [];
  raws.forEach((raw, at) => {
    const parents = made.filter((edge) => edge.max_depth > 0 || raw.wild);
    const parent = raw.root || parents.length === 0 ? undefined : pick(parents.toReversed(), raw.parent);
    made.push(
      buildEdge(raw, at, parent, [...ancestors(parent, made), ...(parent === undefined ? [] : [parent])], sets, now),
    );
  });
  return made.map((edge, at) => distort(edge, pick(raws, at), made));
}

function buildEdge(
  raw: RawEdge,
  at: number,
  parent: Delegation | undefined,
  above: readonly Delegation[],
  sets: readonly string[],
  now: number,
): Delegation {
  const from = parent?.to ?? (raw.set ? pick(sets, raw.from) : pick([...USERS, 'agent:planner'], raw.from));
  const candidates = raw.toUser ? USERS : AGENTS;
  const taken = [from, ...above.flatMap((edge) => [edge.from, edge.to])];
  const free = candidates.filter((name) => raw.wild || !taken.includes(name));
  const to = pick(free.length === 0 ? candidates.filter((name) => name !== from) : free, raw.to);
  const expires = [window(raw.window, now).expires_at, raw.wild ? undefined : parent?.expires_at];
  const ends = expires.filter((end) => end !== undefined);
  const proof = PROOFS.findLast((p) => p === raw.proof || (!raw.wild && p === parent?.proof)) ?? raw.proof;
  const seconds = [raw.session_s, raw.wild ? undefined : parent?.max_session].filter((s) => s !== undefined);
  const ceiling = parent === undefined || raw.wild ? raw.depth : Math.min(raw.depth, parent.max_depth - 1);
  const onward = raw.onward ?? (raw.wild ? undefined : parent?.onward_to);
  const named = parent?.origin ?? (raw.named ? pick(USERS, raw.from) : undefined);
  return {
    id: `d${String(raw.key).padStart(2, '0')}_${at}`,
    ...(parent === undefined ? {} : { parent: parent.id }),
    from,
    to,
    ...(named === undefined ? {} : { origin: named }),
    capabilities: parent !== undefined && raw.inherits ? parent.capabilities : raw.capabilities,
    ...(raw.condition === undefined ? {} : { condition: raw.condition }),
    proof,
    activation: raw.session ? 'session' : 'standing',
    not_before: Math.max(window(raw.window, now).not_before, raw.wild ? 0 : (parent?.not_before ?? 0)),
    ...(ends.length === 0 ? {} : { expires_at: Math.min(...ends) }),
    ...(raw.session && seconds.length > 0 ? { max_session: Math.min(...seconds) } : {}),
    max_depth: Math.max(0, ceiling),
    ...(onward === undefined ? {} : { onward_to: onward }),
    version: 1,
    created_at: now - raw.age,
    created_by: 'test',
    basis: 'person',
    revision: 1,
  };
}

function ancestors(edge: Delegation | undefined, all: readonly Delegation[]): readonly Delegation[] {
  const parent = all.find((other) => other.id === edge?.parent);
  return parent === undefined ? [] : [...ancestors(parent, all), parent];
}

/** What no honest write leaves behind, but a decision must survive. */
function distort(edge: Delegation, raw: RawEdge, all: readonly Delegation[]): Delegation {
  if (!raw.wild) return edge;
  switch (raw.wildness % 6) {
    case 0:
      return { ...edge, parent: pick(all, raw.parent).id };
    case 1:
      return { ...edge, parent: 'd_missing' };
    case 2:
      return { ...edge, from: pick(PRINCIPALS, raw.from) };
    case 3:
      return { ...edge, origin: pick(USERS, raw.from) };
    default:
      return edge;
  }
}

function window(kind: string, now: number): { readonly not_before: number; readonly expires_at?: number } {
  switch (kind) {
    case 'bounded':
      return { not_before: now - HOUR, expires_at: now + HOUR };
    case 'ends now':
      return { not_before: now - HOUR, expires_at: now };
    case 'begins now':
      return { not_before: now };
    case 'future':
      return { not_before: now + 1 };
    case 'past':
      return { not_before: now - HOUR, expires_at: now - 1 };
    default:
      return { not_before: now - HOUR };
  }
}

function revocation(kind: string, edge: Delegation): readonly Revocation[] {
  if (kind === 'no') return [];
  const origin = kind === 'all' ? {} : { origin: 'user:alice' };
  return [{ delegation: edge.id, ...origin, at: START - HOUR, by: 'test', reason: 'test', revision: 1 }];
}

function activations(kind: RawEdge['opened'], edge: Delegation, now: number) {
  if (edge.activation !== 'session' || kind === 'no') return [];
  const created = kind === 'overlong' ? now - 2 * HOUR : now - HOUR / 12;
  const expires = kind === 'late' ? now : now + HOUR / 2;
  return USERS.map((origin) => ({
    id: `a_${edge.id}_${origin}`,
    delegation: edge.id,
    origin,
    created_at: created,
    expires_at: expires,
    by: 'test',
  }));
}

function buildEntities(
  principals: readonly (readonly [number, typeof rawEntity extends fc.Arbitrary<infer T> ? T : never])[],
  risks: readonly (readonly [number, string])[],
): readonly EntityRecord[] {
  const records = [
    ...principals.map(([at, raw]) => ({
      entity: pick(PRINCIPALS, at) as EntityId,
      roles: raw.roles,
      attributes: raw.level === undefined ? {} : { level: raw.level },
      suspended: raw.standing === 'suspended',
      deleted: raw.standing === 'deleted',
    })),
    ...risks.map(([at, risk]) => ({
      entity: pick(RESOURCES, at) as EntityId,
      roles: [],
      attributes: { risk },
      suspended: false,
      deleted: false,
    })),
  ];
  return distinct(records, (record) => record.entity);
}

function buildRequest(raw: RawRequest, world: World): CheckRequest {
  const edge = pick(world.delegations.toReversed(), raw.edge);
  const root = rootOf(edge, world);

  const aimedOrigin = edge.origin ?? pick(heldBy(root, world), raw.origin);
  const origin = raw.stranger ? STRANGERS[0] : raw.aimed ? aimedOrigin : pick(USERS, raw.origin);
  const actor = raw.self ? origin : raw.aimed ? edge.to : pick(AGENTS, raw.actor);
  const aims = aimsOf(edge);
  const aim = raw.matched && aims.length > 0 ? pick(aims, raw.target) : raw;
  const assertion = {
    ...(raw.role === undefined ? {} : { roles: [raw.role] }),
    ...(raw.level === undefined ? {} : { attributes: { level: raw.level } }),
  };
  const scoped = raw.scope && world.policies.resources.some((policy) => policy.scope === 'acme');
  const request: CheckRequest = {
    actor,
    origin,
    proof: raw.proof,
    action: aim.action,
    resource: aim.resource,
    ...(raw.pin && actor !== origin ? { delegation: edge.id } : {}),
    ...(raw.urgent === undefined ? {} : { context: { urgent: raw.urgent } }),
    ...(raw.risk === undefined ? {} : { resourceAttributes: { risk: raw.risk } }),
    ...(Object.keys(assertion).length === 0 ? {} : { asserted: { [raw.about]: assertion } }),
    ...(scoped ? { scope: 'acme' } : {}),
  };
  if (raw.claim === 'none') return request;
  const path = pathOf(origin, actor === origin ? [] : (chainsOf(world, request)[0] ?? []));
  return { ...request, claimedChain: raw.claim === 'right' ? path : path.toSpliced(1, 0, 'agent:helper') };
}

/** Sensible questions that the edge covers. */
function aimsOf(edge: Delegation): readonly { readonly action: string; readonly resource: string }[] {
  return RESOURCES.flatMap((resource) =>
    (resource.startsWith('tool:') ? ['call'] : ['read', 'write']).map((action) => ({ action, resource })),
  ).filter(({ action, resource }) =>
    edge.capabilities.some(
      ({ actions, resources }) => actions.some((p) => covers(p, action)) && resources.some((p) => covers(p, resource)),
    ),
  );
}

/** Whom a root is held for; anybody, where it is held for nobody. */
function heldBy(root: Delegation, world: World): readonly string[] {
  const [object, relation] = root.from.split('#');
  if (object === undefined || relation === undefined) return root.from === 'user:*' ? USERS : [root.from];
  const { model, tuples } = world;
  const members = USERS.filter(
    (user) => model !== undefined && member(model, tuples, user, relation, object) === 'yes',
  );
  return members.length === 0 ? USERS : members;
}

function rootOf(edge: Delegation, world: World): Delegation {
  let root = edge;
  for (let steps = 0; steps < 32; steps += 1) {
    const parent = world.delegations.find((other) => other.id === root.parent);
    if (parent === undefined) return root;
    root = parent;
  }
  return root;
}

function distinct<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

/** The delegation and capability conditions of the whole table. */
export const ALL_CONDITIONS = [
  ...CONDITIONS.plain,
  ...CONDITIONS.path,
  ...CONDITIONS.time,
  ...CONDITIONS.graph,
] as const;
