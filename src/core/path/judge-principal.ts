import type { ConditionTrace } from '../cel/condition.ts';
import type { ReasonCode } from '../decision.ts';
import { type EntityId, typeOf } from '../entity.ts';
import type {
  Assumption,
  Judgement,
  PathView,
  PolicyInput,
  PolicyPrincipal,
  Prohibitions,
} from '../policy/judgement.ts';
import { NO_MATCH } from '../policy/walk.ts';
import { excluded } from '../relationships/excluded.ts';
import type { ProofStep } from '../relationships/membership.ts';
import type { EntityRecord } from '../snapshot.ts';
import type { Inquiry } from './inquiry.ts';
import type { Entitlement, PolicyAnswer, PrincipalStep } from './trace.ts';

/**
 * Judges one principal on a path (design, section 1): whoever it is, for what forbids; the origin also for its own
 * entitlement.
 *
 * @param visible the path up to this principal, for allow rules
 * @param whole all of it, for deny rules
 */
export function judgePrincipal(inquiry: Inquiry, entity: EntityId, visible: PathView, whole: PathView): PrincipalStep {
  const record = inquiry.snapshot.entity(entity);
  return judgeResolved(inquiry, inquiry.principal(entity, record), record, visible, whole);
}

/**
 * The same of a principal that was looked up already, with its directory record. Where something was unknown it is
 * judged under both assumptions: what fails at best fails whatever the open attributes are, what passes at worst passes,
 * and all else depends on them.
 */
export function judgeResolved(
  inquiry: Inquiry,
  principal: PolicyPrincipal,
  record: EntityRecord | undefined,
  visible: PathView,
  whole: PathView,
): PrincipalStep {
  const best = judgeAssuming('best', inquiry, principal, record, visible, whole);
  if (!best.assumed || best.step.reasons.length > 0) return best.step;
  const worst = judgeAssuming('worst', inquiry, principal, record, visible, whole);
  return worst.step.reasons.length === 0 ? worst.step : { ...best.step, reasons: ['depends'] };
}

interface Judged {
  readonly step: PrincipalStep;
  /** Whether the other assumption may give another step. */
  readonly assumed: boolean;
}

function judgeAssuming(
  assume: Assumption,
  inquiry: Inquiry,
  principal: PolicyPrincipal,
  record: EntityRecord | undefined,
  visible: PathView,
  whole: PathView,
): Judged {
  const { entity } = principal;
  const reasons: ReasonCode[] = [];
  if (record?.deleted === true) reasons.push('deleted');
  if (record?.suspended === true) reasons.push('suspended');

  let entitlement: Entitlement | undefined;
  let policy: PolicyAnswer | undefined;
  let said = NOTHING_SAID;
  if (entity === inquiry.request.origin) {
    const judgement = inquiry.snapshot.bundle.policies.judge(policyInput(inquiry, principal, visible, whole, assume));
    entitlement = entitlementOf(inquiry, entity, judgement);
    if (!isEntitled(entitlement)) reasons.push('not_entitled');
    policy = policyAnswerOf(judgement);
    said = judgement;
  } else if (inquiry.mayForbid) {
    said = inquiry.snapshot.bundle.policies.prohibit(policyInput(inquiry, principal, visible, whole, assume));
  }

  const exclusion = isExempt(inquiry, entitlement, said, assume) ? NOT_EXCLUDED : exclusionOf(inquiry, entity);
  if (exclusion.reason !== undefined || isForbidden(inquiry, entity, said)) reasons.push('forbidden');
  if (exclusion.reason === 'condition_error' || (reasons.length > 0 && said.errors.some(isError))) {
    reasons.push('condition_error');
  }

  // One shape for every principal, written out: this runs for each hop of each check.
  const step: PrincipalStep = {
    kind: 'principal',
    principal: entity,
    roles: principal.roles,
    reasons,
    entitlement,
    policy,
    prohibitions: said.prohibitions,
    excluded: exclusion.proof,
    rules: said.rules,
    errors: said.errors,
  };
  return { step, assumed: said.assumed };
}

const NOTHING_SAID: Prohibitions = { prohibitions: [], rules: [], errors: [], assumed: false };

function isError({ value }: ConditionTrace): boolean {
  return value === 'error';
}

function policyInput(
  inquiry: Inquiry,
  principal: PolicyPrincipal,
  visible: PathView,
  whole: PathView,
  assume: Assumption,
): PolicyInput {
  const { request } = inquiry;
  return {
    principal,
    resource: inquiry.resource,
    action: request.action,
    siblingActions: request.siblingActions,
    actionProperties: request.actionProperties,
    context: request.context,
    auxData: request.auxData,
    now: inquiry.now,
    visible,
    whole,
    related: inquiry.host.related,
    budget: inquiry.budget,
    unknowns: inquiry.unknowns,
    assume,
    explain: inquiry.explain,
  };
}

/** What the policies say besides yes or no; absent where none of them was about the request. */
function policyAnswerOf(judgement: Judgement): PolicyAnswer | undefined {
  const { attributedTo, derivedRoles, outputs, validationErrors } = judgement;
  // A policy may have had its say without anything being attributed to it.
  const isSilent = outputs.length === 0 && derivedRoles.length === 0 && attributedTo.scope === '';
  if (attributedTo.policy === NO_MATCH.policy && isSilent) return undefined;
  return {
    ...attributedTo,
    ...(derivedRoles.length === 0 ? undefined : { derivedRoles }),
    ...(outputs.length === 0 ? undefined : { outputs }),
    ...(validationErrors === undefined ? undefined : { validationErrors }),
  };
}

/**
 * A prohibition stops everyone on the path, whatever else allows. With `cerbos` semantics the origin is decided
 * exactly as Cerbos decides, which the final effect already is.
 */
function isForbidden(inquiry: Inquiry, entity: EntityId, said: Prohibitions): boolean {
  if (said.prohibitions.length === 0) return false;
  return inquiry.snapshot.bundle.settings.semantics === 'strict' || entity !== inquiry.request.origin;
}

/**
 * Design, section 1, "The origin is allowed": the policies' effect; else membership in `can_<action>`, unless some
 * allow rule of the type names the action and the policies are therefore its authority; else nothing.
 */
function entitlementOf(inquiry: Inquiry, origin: EntityId, judgement: Judgement): Entitlement {
  if (judgement.effect !== 'none') {
    return { by: 'policy', effect: judgement.effect, rule: judgement.decidedBy };
  }
  return withoutPolicies(inquiry, origin);
}

/** What is left where no policy decides. */
function withoutPolicies(inquiry: Inquiry, origin: EntityId): Entitlement {
  const { request, resource, snapshot } = inquiry;
  const { model, policies } = snapshot.bundle;
  if (policies.allowsSomewhere(resource.kind, request.action)) return { by: 'nothing', looked_at: 'policy' };
  const { permission: relation } = inquiry;
  if (model?.types.get(typeOf(request.resource))?.relations.has(relation) !== true)
    return { by: 'nothing', looked_at: 'neither' };
  const member = inquiry.related(origin, relation, request.resource);
  switch (member.kind) {
    case 'yes':
      return { by: 'relationship', relation, proof: member.proof };
    case 'no':
      return { by: 'nothing', looked_at: 'relationship', relation };
    case 'unknown':
      return {
        by: 'nothing',
        looked_at: 'relationship',
        relation,
        unknown: member.because.kind === 'limit' ? `the limit ${member.because.limit}` : member.because.message,
      };
  }
}

function isEntitled(entitlement: Entitlement): boolean {
  return entitlement.by === 'relationship' || (entitlement.by === 'policy' && entitlement.effect === 'allow');
}

interface Exclusion {
  readonly reason?: 'excluded' | 'condition_error' | 'limit';
  readonly proof?: readonly ProofStep[];
}

const NOT_EXCLUDED: Exclusion = {};

/**
 * Whoever holds the permission by relationships was held against its exclusions there, as the model combines them.
 * An allow rule that is unknown leaves open whether the permission comes by policy or by relationships, and so whether
 * the exclusions count: at worst they do, at best they do not where the relationships would do alone.
 */
function isExempt(
  inquiry: Inquiry,
  entitlement: Entitlement | undefined,
  { assumed }: Prohibitions,
  assume: Assumption,
): boolean {
  if (entitlement === undefined) return false;
  if (!assumed) return entitlement.by === 'relationship';
  if (assume === 'worst' || !inquiry.excludes) return false;
  return withoutPolicies(inquiry, inquiry.request.origin).by === 'relationship';
}

/** Membership in what the permission excludes (`but not blocked`); unknown forbids. */
function exclusionOf(inquiry: Inquiry, entity: EntityId): Exclusion {
  const { request, snapshot, permission: relation } = inquiry;
  const { model } = snapshot.bundle;
  if (model === undefined || !inquiry.excludes) return NOT_EXCLUDED;
  const context = request.context ?? {};
  const answer = excluded(
    { subject: entity, relation, object: request.resource, context },
    model,
    snapshot.tuples,
    inquiry.host,
  );
  switch (answer.kind) {
    case 'no':
      return NOT_EXCLUDED;
    case 'yes':
      return { reason: 'excluded', proof: answer.proof };
    case 'unknown':
      if (answer.because.kind === 'error') return { reason: 'condition_error' };
      inquiry.reach(answer.because.limit);
      return { reason: 'limit' };
  }
}
