import type { EntityId } from '../../src/core/entity.ts';
import { evaluate, type Scene, type Truth } from './conditions.ts';
import type { Match, PolicySpec, ResourcePolicySpec, RuleSpec } from './policy-spec.ts';

/** Whose rules are asked for, and what they may see: allow rules `visible`, deny rules `whole`. */
export interface PolicyQuestion {
  readonly principal: EntityId;
  readonly roles: readonly string[];
  readonly kind: string;
  readonly action: string;
  readonly scope: string;
  readonly visible: Scene;
  readonly whole: Scene;
}

/** Does an allow rule hold for sure? Denials are `forbids`' affair, so no order between the two is needed. */
export function allows(spec: PolicySpec, question: PolicyQuestion): boolean {
  const byPrincipal = principalRules(spec, question, 'ALLOW');
  const byResource = selected(spec, question).flatMap((policy) => ruleTruths(spec, policy, question, 'ALLOW'));
  return [...byPrincipal, ...byResource].includes('true');
}

/** An activated DENY rule, a deny rule in error, or the omission of a role policy, under any role. */
export function forbids(spec: PolicySpec, question: PolicyQuestion): boolean {
  const byPrincipal = principalRules(spec, question, 'DENY');
  const byResource = selected(spec, question).flatMap((policy) => ruleTruths(spec, policy, question, 'DENY'));
  if ([...byPrincipal, ...byResource].some((value) => value !== 'false')) return true;
  return spec.roles.some(
    (policy) =>
      question.roles.includes(policy.role) &&
      !policy.rules.some(
        (rule) =>
          rule.kind === question.kind &&
          rule.actions.some((glob) => globMatches(glob, question.action)) &&
          match(rule.condition, question.visible) === 'true',
      ),
  );
}

/** Whether the policies are the authority for this action (design, section 1, step 2). */
export function allowsSomewhere(spec: PolicySpec, kind: string, action: string): boolean {
  return spec.resources.some(
    (policy) =>
      policy.kind === kind &&
      policy.rules.some((rule) => rule.effect === 'ALLOW' && rule.actions.some((glob) => globMatches(glob, action))),
  );
}

/** The types that some policy is about. */
export function policyKinds(spec: PolicySpec): readonly string[] {
  return [
    ...spec.resources.map((policy) => policy.kind),
    ...spec.principals.flatMap((policy) => policy.rules.map((rule) => rule.kind)),
    ...spec.roles.flatMap((policy) => policy.rules.map((rule) => rule.kind)),
  ];
}

/**
 * Scopes are at most one deep here: `acme`, then the root. A scope that no resource policy has matches nothing;
 * one that another type's policy has exists for all types (Cerbos's rule table keeps scopes, not scopes by resource).
 */
function selected(spec: PolicySpec, question: PolicyQuestion): readonly ResourcePolicySpec[] {
  if (!spec.resources.some((policy) => policy.scope === question.scope)) return [];
  return spec.resources.filter(
    ({ kind, version, scope }) =>
      kind === question.kind && version === 'default' && ['', question.scope].includes(scope),
  );
}

function ruleTruths(
  spec: PolicySpec,
  policy: ResourcePolicySpec,
  question: PolicyQuestion,
  effect: RuleSpec['effect'],
): readonly Truth[] {
  const view = effect === 'ALLOW' ? question.visible : question.whole;
  const scene = { ...view, variables: policy.variables };
  return policy.rules
    .filter((rule) => rule.effect === effect && rule.actions.some((glob) => globMatches(glob, question.action)))
    .map((rule) => {
      const bearers: Truth[] = [
        rule.roles.includes('*') || rule.roles.some((role) => question.roles.includes(role)) ? 'true' : 'false',
        ...rule.derived.map((name) => derivedRole(spec, name, question, view)),
      ];
      const borne = bearers.includes('true') ? 'true' : bearers.includes('error') ? 'error' : 'false';
      return both(borne, match(rule.condition, scene));
    });
}

function principalRules(spec: PolicySpec, question: PolicyQuestion, effect: RuleSpec['effect']): readonly Truth[] {
  return spec.principals
    .filter((policy) => policy.principal === question.principal)
    .flatMap((policy) => policy.rules)
    .filter(
      (rule) => rule.effect === effect && rule.kind === question.kind && globMatches(rule.action, question.action),
    )
    .map((rule) => match(rule.condition, effect === 'ALLOW' ? question.visible : question.whole));
}

function derivedRole(spec: PolicySpec, name: string, question: PolicyQuestion, scene: Scene): Truth {
  const role = spec.derived.find((definition) => definition.name === name);
  if (role === undefined) throw new Error(`no derived role ${name}`);
  const parent = role.parents.includes('*') || role.parents.some((one) => question.roles.includes(one));
  return parent ? match(role.condition, { ...scene, variables: {} }) : 'false';
}

/** An error anywhere in a condition makes the whole condition an error (design, section 1). */
function match(condition: Match | undefined, scene: Scene): Truth {
  if (condition === undefined) return 'true';
  const values = condition.of.map((cel) => evaluate(cel, scene));
  if (values.includes('error')) return 'error';
  switch (condition.op) {
    case 'expr':
    case 'all':
      return values.every((value) => value === 'true') ? 'true' : 'false';
    case 'any':
      return values.includes('true') ? 'true' : 'false';
    case 'none':
      return values.includes('true') ? 'false' : 'true';
  }
}

function both(a: Truth, b: Truth): Truth {
  if (a === 'false' || b === 'false') return 'false';
  return a === 'error' || b === 'error' ? 'error' : 'true';
}

/** `*`, an exact name, or `prefix:*`. */
function globMatches(glob: string, action: string): boolean {
  if (glob === '*') return true;
  return glob.endsWith(':*') ? action.startsWith(glob.slice(0, -1)) : glob === action;
}
