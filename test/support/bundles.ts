import fc from 'fast-check';
import { CONDITIONS } from './conditions.ts';
import type { ModelSpec, Rewrite } from './model-spec.ts';
import type { DerivedRoleSpec, Effect, Match, PolicySpec, ResourcePolicySpec, RuleSpec } from './policy-spec.ts';
import { ACTION_PATTERNS, PRINCIPALS } from './universe.ts';

/** A model and policies, as the generators make them. */
export interface BundleSpec {
  readonly model?: ModelSpec;
  readonly policies: PolicySpec;
}

const direct = (...types: readonly string[]): Rewrite => ({ is: 'direct', types });
const rel = (relation: string): Rewrite => ({ is: 'relation', relation });
const from = (relation: string, tupleset: string): Rewrite => ({ is: 'from', relation, tupleset });
const or = (left: Rewrite, right: Rewrite): Rewrite => ({ is: 'or', left, right });
const and = (left: Rewrite, right: Rewrite): Rewrite => ({ is: 'and', left, right });
const butNot = (left: Rewrite, right: Rewrite): Rewrite => ({ is: 'but not', left, right });

const CAN_READ: readonly Rewrite[] = [
  rel('viewer'),
  butNot(rel('viewer'), rel('blocked')),
  or(butNot(rel('viewer'), rel('blocked')), rel('owner')),
  butNot(or(rel('viewer'), from('viewer', 'parent')), rel('blocked')),
  and(rel('viewer'), or(rel('owner'), from('viewer', 'parent'))),
];

const models: fc.Arbitrary<ModelSpec> = fc
  .record({
    canRead: fc.constantFrom(...CAN_READ),
    parents: fc.boolean(),
    banned: fc.boolean(),
    left: fc.boolean(),
    toolBlocks: fc.boolean(),
  })
  .map(({ canRead, parents, banned, left, toolBlocks }) => {
    const groupMember = direct('user', 'agent', 'group#member');
    const folderViewer = or(direct('user', 'group#member'), from('viewer', 'parent'));
    const docViewer = direct('user', 'user:*', 'agent', 'group#member', 'user with open');
    return {
      user: {},
      agent: {},
      group: { member: left ? butNot(groupMember, rel('left')) : groupMember, left: direct('user') },
      folder: {
        parent: direct('folder'),
        banned: direct('user', 'agent'),
        viewer: banned ? butNot(folderViewer, rel('banned')) : folderViewer,
      },
      doc: {
        parent: direct('folder'),
        owner: direct('user', 'agent'),
        viewer: parents ? or(or(docViewer, rel('owner')), from('viewer', 'parent')) : docViewer,
        blocked: direct('user', 'agent', 'group#member', 'user with open', 'agent with open'),
        can_read: canRead,
        can_write: rel('owner'),
      },
      tool: {
        caller: direct('user', 'user:*', 'group#member'),
        blocked: direct('user', 'agent'),
        can_call: toolBlocks ? butNot(rel('caller'), rel('blocked')) : rel('caller'),
      },
    };
  });

const ANY_CONDITION = [...CONDITIONS.plain, ...CONDITIONS.path, ...CONDITIONS.time];

const condition = (extra: readonly string[]): fc.Arbitrary<Match> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom(...ANY_CONDITION, ...extra).map((cel) => ({ op: 'expr' as const, of: [cel] })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constantFrom('all' as const, 'any' as const, 'none' as const),
        of: fc.array(fc.constantFrom(...ANY_CONDITION, ...extra), { minLength: 1, maxLength: 3 }),
      }),
    },
  );
const perhaps = (extra: readonly string[]) => fc.option(condition(extra), { nil: undefined, freq: 2 });
const effects = fc.constantFrom<Effect>('ALLOW', 'ALLOW', 'ALLOW', 'DENY');
const bearers = fc.oneof(
  { weight: 3, arbitrary: fc.constant<readonly string[]>(['*']) },
  { weight: 3, arbitrary: fc.constant<readonly string[]>(['user']) },
  { weight: 2, arbitrary: fc.constant<readonly string[]>(['agent']) },
  { weight: 1, arbitrary: fc.constant<readonly string[]>(['admin', 'agent']) },
  { weight: 1, arbitrary: fc.constant<readonly string[]>([]) },
);

/** Keeps worlds from refusing everything, so that the delegations are what decides. */
const EVERYTHING = { actions: ['*'], effect: 'ALLOW' as const, roles: ['user'], derived: [], condition: undefined };

function resourcePolicy(kind: string, version: string, scope: string, graph: readonly string[]) {
  const rule = fc.record({
    actions: fc.uniqueArray(fc.constantFrom(...ACTION_PATTERNS), { minLength: 1, maxLength: 2 }),
    effect: effects,
    roles: bearers,
    derived: fc.subarray(['trusted', 'doubtful'], { maxLength: 1 }),
    condition: perhaps([...graph, 'V.risky']),
  });
  return fc
    .record({
      generous: fc.constantFrom(true, true, false),
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
      risky: fc.constantFrom(...CONDITIONS.plain),
    })
    .map(({ generous, rules, risky }): ResourcePolicySpec => {
      const named = [...(generous ? [EVERYTHING] : []), ...rules].map(({ condition: when, ...rest }, at): RuleSpec => {
        const roles = rest.roles.length + rest.derived.length === 0 ? ['admin'] : rest.roles;
        return { name: `r${at}`, ...rest, roles, ...(when === undefined ? {} : { condition: when }) };
      });
      return { kind, version, scope, variables: { risky }, rules: named };
    });
}

function policies(graph: readonly string[]): fc.Arbitrary<PolicySpec> {
  const sometimes = <T>(arbitrary: fc.Arbitrary<T>, percent: number) =>
    fc.oneof({ weight: 100 - percent, arbitrary: fc.constant(undefined) }, { weight: percent, arbitrary });
  const derived = (name: string, parents: readonly string[]) =>
    perhaps(graph).map(
      (when): DerivedRoleSpec => ({ name, parents, ...(when === undefined ? {} : { condition: when }) }),
    );
  const principal = fc
    .record({
      principal: fc.constantFrom(...PRINCIPALS),
      rules: fc.array(
        fc.record({
          kind: fc.constantFrom('doc', 'tool'),
          action: fc.constantFrom('*', 'read', 'call'),
          effect: effects,
          when: perhaps(graph),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    })
    .map(({ rules, ...rest }) => ({
      ...rest,
      rules: rules.map(({ when, ...rule }) => ({ ...rule, ...(when === undefined ? {} : { condition: when }) })),
    }));
  const role = fc
    .record({ actions: fc.subarray(['read', 'read:*', 'write', 'call'], { minLength: 1 }), when: perhaps([]) })
    .map(({ actions, when }) => ({
      role: 'intern',
      rules: ['doc', 'tool'].map((kind) => ({ kind, actions, ...(when === undefined ? {} : { condition: when }) })),
    }));
  return fc
    .record({
      doc: sometimes(resourcePolicy('doc', 'default', '', graph), 70),
      tool: sometimes(resourcePolicy('tool', 'default', '', graph), 80),
      scoped: sometimes(resourcePolicy('doc', 'default', 'acme', graph), 30),
      next: sometimes(resourcePolicy('doc', 'next', '', graph), 25),
      trusted: derived('trusted', ['user']),
      doubtful: derived('doubtful', ['agent', 'intern']),
      principal: sometimes(principal, 40),
      role: sometimes(role, 30),
    })
    .map(({ doc, tool, scoped, next, trusted, doubtful, principal: own, role: custom }) => {
      const scopes = doc !== undefined && scoped !== undefined;
      // With a scope in the request Cerbos looks principal and role policies up under it, which is not what
      // these laws are about: worlds have the one or the other.
      return {
        derived: [trusted, doubtful],
        resources: [doc, tool, next, scopes ? scoped : undefined].filter((policy) => policy !== undefined),
        principals: own === undefined || scopes ? [] : [own],
        roles: custom === undefined || scopes ? [] : [custom],
      };
    });
}

const bundle: fc.Arbitrary<BundleSpec> = fc.oneof(
  { weight: 1, arbitrary: policies([]).map((spec) => ({ policies: spec })) },
  {
    weight: 5,
    arbitrary: models.chain((model) => policies(CONDITIONS.graph).map((spec) => ({ model, policies: spec }))),
  },
);

/** Nobody is refused anything: worlds in which only the delegations decide. */
export const OPEN_BUNDLE: BundleSpec = {
  policies: {
    derived: [],
    principals: [],
    roles: [],
    resources: ['doc', 'tool'].map((kind) => ({
      kind,
      version: 'default',
      scope: '',
      variables: {},
      rules: [{ name: 'all', actions: ['*'], effect: 'ALLOW', roles: ['*'], derived: [] }],
    })),
  },
};

/**
 * A fixed set of bundles to draw from: compiling one costs more than a thousand decisions. Simplest first, so that
 * shrinking the index simplifies the bundle.
 */
export function bundlePool(seed: number, size: number): readonly BundleSpec[] {
  const sampled = fc.sample(bundle, { seed, numRuns: size - 1 });
  return [OPEN_BUNDLE, ...sampled.toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)];
}
