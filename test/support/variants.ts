import type { BundleSpec } from './bundles.ts';
import { CONDITIONS } from './conditions.ts';
import type { Match, PolicySpec } from './policy-spec.ts';
import { AGENTS } from './universe.ts';

/** Makes a variant of each bundle once, so that it is compiled once. */
function variant(make: (spec: BundleSpec) => BundleSpec): (spec: BundleSpec) => BundleSpec {
  const made = new WeakMap<PolicySpec, BundleSpec>();
  return (spec) => {
    const known = made.get(spec.policies) ?? make(spec);
    made.set(spec.policies, known);
    return known;
  };
}

function withPolicies(spec: BundleSpec, policies: PolicySpec): BundleSpec {
  return spec.model === undefined ? { policies } : { model: spec.model, policies };
}

/** No policy allows anybody anything; the rules are still there, for a role that nobody has. */
export const unentitled = variant((spec) =>
  withPolicies(spec, {
    ...spec.policies,
    resources: spec.policies.resources.map((policy) => ({
      ...policy,
      rules: policy.rules.map((rule) => (rule.effect === 'ALLOW' ? { ...rule, roles: ['nobody'], derived: [] } : rule)),
    })),
    principals: spec.policies.principals.map((policy) => ({
      ...policy,
      rules: policy.rules.map((rule) => (rule.effect === 'ALLOW' ? { ...rule, action: 'nothing' } : rule)),
    })),
  }),
);

/** Every allow rule gets one condition more. */
export const moreConditions = CONDITIONS.plain.map((cel) =>
  variant((spec) => {
    const narrower = <T extends { readonly effect: string; readonly condition?: Match }>(rule: T): T =>
      rule.effect === 'ALLOW' && ['all', 'expr', undefined].includes(rule.condition?.op)
        ? { ...rule, condition: { op: 'all', of: [...(rule.condition?.of ?? []), cel] } }
        : rule;
    return withPolicies(spec, {
      ...spec.policies,
      resources: spec.policies.resources.map((policy) => ({ ...policy, rules: policy.rules.map(narrower) })),
      principals: spec.policies.principals.map((policy) => ({ ...policy, rules: policy.rules.map(narrower) })),
    });
  }),
);

/** Every agent that has no policy of its own is allowed everything by one. */
export const mightyAgents = variant((spec) => {
  const { principals } = spec.policies;
  const without = AGENTS.filter((agent) => !principals.some((policy) => policy.principal === agent));
  const rules = ['doc', 'tool'].map((kind) => ({ kind, action: '*', effect: 'ALLOW' as const }));
  const own = without.map((principal) => ({ principal, rules }));
  return withPolicies(spec, { ...spec.policies, principals: [...principals, ...own] });
});

/** The same policy files the other way round. */
export const reorderedFiles = variant((spec) =>
  withPolicies(spec, {
    derived: spec.policies.derived,
    resources: spec.policies.resources.toReversed(),
    principals: spec.policies.principals.toReversed(),
    roles: spec.policies.roles.toReversed(),
  }),
);

/** The same policies, all lists inside them the other way round. */
export const reorderedRules = variant((spec) =>
  withPolicies(spec, {
    derived: spec.policies.derived.toReversed(),
    resources: spec.policies.resources.map((policy) => ({
      ...policy,
      rules: policy.rules.toReversed().map((rule) => ({
        ...rule,
        actions: rule.actions.toReversed(),
        roles: rule.roles.toReversed(),
        derived: rule.derived.toReversed(),
      })),
    })),
    principals: spec.policies.principals.map((policy) => ({ ...policy, rules: policy.rules.toReversed() })),
    roles: spec.policies.roles.map((policy) => ({ ...policy, rules: policy.rules.toReversed() })),
  }),
);

/** Whether a deny rule of the bundle may look at `D`: with such rules another path can mean another answer. */
export function denialsReadPath({ policies }: BundleSpec): boolean {
  const reads = (condition: Match | undefined) => condition?.of.some((cel) => cel.includes('D.')) === true;
  const derived = policies.derived.filter((role) => reads(role.condition)).map((role) => role.name);
  return (
    policies.resources.some(({ rules }) =>
      rules.some(
        (rule) =>
          rule.effect === 'DENY' && (reads(rule.condition) || rule.derived.some((name) => derived.includes(name))),
      ),
    ) || policies.principals.some(({ rules }) => rules.some((rule) => rule.effect === 'DENY' && reads(rule.condition)))
  );
}

/** Whether anything in the bundle looks at the clock. */
export function readsClock(spec: BundleSpec): boolean {
  return JSON.stringify(spec.policies).includes('now()');
}

/** Whether users are allowed everything that nothing else forbids, so that the delegations decide. */
export function isGenerous({ policies }: BundleSpec): boolean {
  return ['doc', 'tool'].every((kind) =>
    policies.resources.some(
      (policy) =>
        policy.kind === kind &&
        policy.version === 'default' &&
        policy.scope === '' &&
        policy.rules.some(
          (rule) =>
            rule.effect === 'ALLOW' &&
            rule.actions.includes('*') &&
            rule.roles.some((role) => role === '*' || role === 'user') &&
            rule.condition === undefined,
        ),
    ),
  );
}
