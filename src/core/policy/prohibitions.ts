import type { Evaluation } from './evaluation.ts';
import type { PolicyInput, Prohibition } from './judgement.ts';
import { type Recorder, toTrace } from './recorder.ts';
import { judgeRolePolicies } from './role-policies.ts';
import type { RuleIndex } from './rule-index.ts';
import type { DerivedRole, PrincipalPolicy, PrincipalRule, ResourcePolicy, ResourceRule } from './rules.ts';
import { appliesToResource, bindings, type Selection, withDerivedRole } from './walk.ts';

const WHOLE = 1;

/**
 * Every activated DENY rule and every omission of a role policy, in all scopes from the one that the request names to
 * the root (whether or not that one exists: naming an unknown scope must not lift a prohibition), under all roles,
 * whatever else allows (design, section 1: no one is forbidden).
 */
export function collectProhibitions(
  input: PolicyInput,
  selection: Selection,
  index: RuleIndex,
  evaluation: Evaluation,
  recorder: Recorder,
): readonly Prohibition[] {
  const found: Prohibition[] = [];
  const { principalVersion, resourceVersion } = selection;
  // Cerbos looks for a principal's rules under the resource's version. Those under its own forbid as well.
  const versions = principalVersion === resourceVersion ? [resourceVersion] : [resourceVersion, principalVersion];
  for (const scope of selection.principalChain) {
    for (const version of versions) {
      const policy = index.principal(input.principal.id, version, scope);
      for (const rule of policy?.rules ?? []) {
        if (rule.effect !== 'deny' || policy === undefined) continue;
        if (!appliesToResource(rule, input.resource.kind, input.action)) continue;
        judgeDeny(rule, policy, undefined, evaluation, recorder, found);
      }
    }
  }
  for (const scope of selection.resourceChain) {
    const policy = index.resource(input.resource.kind, resourceVersion, scope);
    if (policy !== undefined) {
      for (const rule of index.actionRules(policy, input.action).denies) {
        for (const by of bindings(rule, selection.allRoles)) {
          if (judgeDeny(rule, policy, by, evaluation, recorder, found)) break;
        }
      }
    }
    const roles = index.rolePolicies(resourceVersion, scope);
    if (roles.size > 0) collectOmissions(roles, input, selection, evaluation, recorder, found);
  }
  return found;
}

function collectOmissions(
  policies: ReturnType<RuleIndex['rolePolicies']>,
  input: PolicyInput,
  selection: Selection,
  evaluation: Evaluation,
  recorder: Recorder,
  found: Prohibition[],
): void {
  for (const role of selection.allRoles) {
    const policy = policies.get(role);
    const omission = policy === undefined ? undefined : judgeRolePolicies(policy, input, evaluation, recorder, false);
    if (omission === undefined) continue;
    const condition = omission.value === undefined ? undefined : toTrace(omission.rule?.condition, omission.value);
    found.push({ ...omission.ref, by: 'role_policy_omission', ...(condition === undefined ? {} : { condition }) });
  }
}

/** Adds a DENY rule that is activated: its condition holds or, in `strict`, is in error. */
function judgeDeny(
  rule: ResourceRule | PrincipalRule,
  policy: ResourcePolicy | PrincipalPolicy,
  by: DerivedRole | undefined,
  evaluation: Evaluation,
  recorder: Recorder,
  found: Prohibition[],
): boolean {
  const held = by === undefined ? undefined : evaluation.derivedRole(by, WHOLE);
  if (held !== undefined && !evaluation.holds(held, 'deny')) {
    if (held.kind === 'unknown') recorder.rule(rule, 'deny', false, held);
    return false;
  }
  const value = withDerivedRole(evaluation.condition(rule.condition, policy, WHOLE), held);
  const activated = evaluation.holds(value, 'deny');
  recorder.rule(rule, 'deny', activated, value);
  if (!activated) return false;
  const condition = toTrace(rule.condition, value);
  found.push({ ...rule.ref, by: 'deny_rule', ...(condition === undefined ? {} : { condition }) });
  return true;
}
