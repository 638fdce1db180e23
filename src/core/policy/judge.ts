import type { ConditionTrace } from '../cel/condition.ts';
import { ok, type Result } from '../result.ts';
import type { Schemas } from '../schema/compile-schemas.ts';
import type { Settings } from '../settings.ts';
import { Evaluation } from './evaluation.ts';
import type { Judgement, Policies, PolicyInput, Prohibitions } from './judgement.ts';
import type { PlanInput, PolicyPlan } from './plan/plan.ts';
import { planPolicies } from './plan/plan-policies.ts';
import { collectProhibitions } from './prohibitions.ts';
import { Recorder } from './recorder.ts';
import { RuleIndex } from './rule-index.ts';
import { type Policy, policyReadsPath } from './rules.ts';
import { isMissing, SchemaCheck, type Violation } from './schema-check.ts';
import { NO_MATCH, type Selection, walk } from './walk.ts';

const NO_PROHIBITIONS: Prohibitions = { prohibitions: [], rules: [], errors: [], assumed: false };

/** What policies say of a kind of resource that none of them is about. */
const SILENCE: Judgement = {
  ...NO_PROHIBITIONS,
  effect: 'none',
  attributedTo: NO_MATCH,
  derivedRoles: [],
  outputs: [],
};

/** Policies ready for decisions. Pure: what comes out depends on the arguments only. */
export function toPolicies(policies: readonly Policy[], settings: Settings, schemas?: Schemas): Policies {
  const strict = settings.semantics === 'strict';
  const index = new RuleIndex(policies, strict);
  const check = schemas === undefined ? undefined : new SchemaCheck(policies, index, settings, schemas);
  return {
    kinds: index.kinds,
    allowsSomewhere: (kind, action) => index.allowsSomewhere(kind, action),
    actionsOf: (kind) => index.actionsOf(kind),
    readsPath: policies.some(policyReadsPath),
    judge: (input) => (index.speaksOf(input.resource.kind) ? judge(input, index, settings, check) : SILENCE),
    mayForbid: (kind, action) => index.mayForbid(kind, action),
    prohibit: (input) => prohibit(input, index, settings),
    plan: (input) => plan(input, index, settings, check),
  };
}

function judge(input: PolicyInput, index: RuleIndex, settings: Settings, check: SchemaCheck | undefined): Judgement {
  const selection = select(input, index, settings);
  const violation = check?.violation(input, selection);
  const rejects = violation !== undefined && settings.schemaEnforcement === 'reject';
  // Where it is open whether the attributes fit, that is one more unknown that denies at worst.
  const mayReject = rejects && violation.isOpen;
  if (rejects && (!mayReject || input.assume === 'worst')) return rejected(violation);
  const evaluation = new Evaluation(input, settings, selection.allRoles);
  const recorder = new Recorder(evaluation, input.explain);
  const { effect, decidedBy, attributedTo } = walk(input, selection, index, evaluation, recorder);
  if (!evaluation.strict) evaluation.stopRecording();
  const prohibitions = collectProhibitions(input, selection, index, evaluation, recorder);
  return {
    effect,
    ...(decidedBy === undefined ? {} : { decidedBy }),
    attributedTo,
    prohibitions,
    rules: recorder.rules(),
    derivedRoles: recorder.derivedRoles(),
    outputs: recorder.outputs,
    errors: mayReject ? [...evaluation.errors, openSchema(violation)] : evaluation.errors,
    assumed: evaluation.assumed || mayReject,
    ...(violation === undefined || violation.isOpen ? {} : { validationErrors: violation.errors }),
  };
}

function plan(
  input: PlanInput,
  index: RuleIndex,
  settings: Settings,
  check: SchemaCheck | undefined,
): Result<PolicyPlan, string> {
  const selection = select(input, index, settings);
  const violation = check?.violation(input, selection);
  // Attributes that are not known yet are not missing.
  const errors = violation?.errors.filter((error) => error.source === 'principal' || !isMissing(error)) ?? [];
  const known = errors.length === 0 ? undefined : { validationErrors: errors };
  if (known !== undefined && settings.schemaEnforcement === 'reject') {
    return ok({ filter: { kind: 'always_denied' }, matched: true, matchedScope: '', ...known });
  }
  const planned = planPolicies(input, selection, index, settings);
  return planned.ok ? ok({ ...planned.value, ...known }) : planned;
}

/** Attributes that do not fit deny whatever any policy says of the principal, and no rule is looked at (Cerbos). */
function rejected({ errors, policy, isOpen }: Violation): Judgement {
  const attributedTo = { policy, scope: '' };
  return { ...SILENCE, effect: 'deny', attributedTo, validationErrors: errors, assumed: isOpen };
}

function openSchema({ policy }: Violation): ConditionTrace {
  return { expression: `the schema of ${policy}`, value: 'unknown' };
}

function prohibit(input: PolicyInput, index: RuleIndex, settings: Settings): Prohibitions {
  const selection = select(input, index, settings);
  const evaluation = new Evaluation(input, settings, selection.allRoles);
  const recorder = new Recorder(evaluation, input.explain);
  const prohibitions = collectProhibitions(input, selection, index, evaluation, recorder);
  return { prohibitions, rules: recorder.rules(), errors: evaluation.errors, assumed: evaluation.assumed };
}

/** Which versions, scopes and roles a request is about. */
function select(
  input: Pick<PolicyInput, 'principal'> & Pick<PlanInput, 'resource'>,
  index: RuleIndex,
  settings: Settings,
): Selection {
  const { principal, resource } = input;
  const principalScope = principal.scope ?? '';
  const resourceScope = resource.scope ?? '';
  const resourceVersion = orDefault(resource.policyVersion, settings);
  return {
    principalVersion: orDefault(principal.policyVersion, settings),
    resourceVersion,
    principalScope,
    resourceScope,
    principalChain: index.principalChain(principalScope),
    resourceChain: index.resourceChain(resourceScope),
    lenient: settings.lenientScopeSearch,
    allRoles: withParents(principal.roles, resourceVersion, resourceScope, index),
  };
}

function orDefault(version: string | undefined, settings: Settings): string {
  return version === undefined || version === '' ? settings.defaultVersion : version;
}

function withParents(roles: readonly string[], version: string, scope: string, index: RuleIndex): readonly string[] {
  let inherited: Set<string> | undefined;
  for (const role of roles) {
    const parents = index.parentRoles(role, version, scope);
    if (parents.length === 0) continue;
    inherited ??= new Set(roles);
    for (const parent of parents) inherited.add(parent);
  }
  return inherited === undefined ? roles : [...inherited];
}
