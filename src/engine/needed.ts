import type { ConditionTrace } from '../core/cel/condition.ts';
import type { CheckRequest, Decision, ReasonCode } from '../core/decision.ts';
import { time } from '../core/delegation/draft.ts';
import type { EdgeStep, PrincipalStep, Step } from '../core/path/trace.ts';
import type { Snapshot } from '../core/snapshot.ts';

/** The first hop that failed, and for every failing hop what it would have taken. */
export interface Shortfall {
  /** Index into the chain's steps. */
  readonly step: number;
  readonly where: string;
  readonly reason: ReasonCode;
  /** One sentence: what would have been needed. */
  readonly needed: string;
}

/** What a denied request lacked, hop by hop, the first failing hop first. Empty for an allow. */
export function shortfalls(request: CheckRequest, decision: Decision, snapshot: Snapshot): readonly Shortfall[] {
  if (decision.allowed) return [];
  const found: Shortfall[] = [];
  decision.chain?.steps.forEach((step, index) => {
    for (const reason of step.reasons) {
      found.push({ step: index, where: nameOf(step), reason, needed: sentence(reason, step, request, snapshot) });
    }
  });
  const told = new Set(found.map(({ reason }) => reason));
  for (const reason of decision.reasons) {
    if (!told.has(reason)) {
      found.push({
        step: -1,
        where: 'the request',
        reason,
        needed: wholeSentence(reason, request, decision, snapshot),
      });
    }
  }
  return found;
}

function nameOf(step: Step): string {
  return step.kind === 'principal' ? step.principal : `delegation ${step.name ?? step.delegation}`;
}

function sentence(reason: ReasonCode, step: Step, request: CheckRequest, snapshot: Snapshot): string {
  return step.kind === 'principal'
    ? principalSentence(reason, step, request, snapshot)
    : edgeSentence(reason, step, request, snapshot);
}

function principalSentence(reason: ReasonCode, step: PrincipalStep, request: CheckRequest, snapshot: Snapshot): string {
  const { principal, entitlement } = step;
  const what = `${request.action} on ${request.resource}`;
  switch (reason) {
    case 'not_entitled': {
      if (entitlement?.by === 'policy') return `no deny rule deciding against ${principal} for ${what}`;
      if (entitlement?.by === 'nothing' && entitlement.looked_at === 'relationship') {
        const unknown = entitlement.unknown === undefined ? '' : ` (unknown: ${entitlement.unknown})`;
        return `${principal} must be ${entitlement.relation} of ${request.resource}${unknown}`;
      }
      if (entitlement?.by === 'nothing' && entitlement.looked_at === 'policy') {
        return `an allow rule for ${what} that applies to ${principal} (roles: ${step.roles.join(', ') || 'none'}) with a true condition`;
      }
      const type = snapshot.bundle.model?.types.has(request.resource.split(':')[0] ?? '') === true;
      return type
        ? `an allow rule for the action "${request.action}", or a relation can_${request.action} in the model: there is neither`
        : `an allow rule for the action "${request.action}": there is none`;
    }
    case 'forbidden':
      return `${principal} must not be forbidden: ${forbiddances(step).join('; ')}`;
    case 'suspended':
      return `${principal} must be resumed`;
    case 'deleted':
      return `${principal} was deleted for ever: another principal`;
    case 'depends':
      return dependsSentence(request, conditionsOf(step));
    case 'condition_error':
      return `conditions without errors: ${step.errors.map(({ expression, error }) => `${expression}: ${error}`).join('; ')}`;
    default:
      return reason;
  }
}

function forbiddances(step: PrincipalStep): readonly string[] {
  const rules = step.prohibitions.map(({ by, policy, rule }) =>
    by === 'deny_rule' ? `the deny rule ${rule} of ${policy}` : `the role policy ${policy} does not list it`,
  );
  if (step.excluded === undefined) return rules;
  const last = step.excluded.at(-1);
  return [...rules, `it is in the excluded set ${last === undefined ? '' : `${last.object}#${last.relation}`}`];
}

function edgeSentence(reason: ReasonCode, step: EdgeStep, request: CheckRequest, snapshot: Snapshot): string {
  const delegation = snapshot.delegations.get(step.delegation)?.delegation;
  switch (reason) {
    case 'not_covered': {
      const has = delegation?.capabilities.map(
        ({ actions, resources }) => `${actions.join(', ')} on ${resources.join(', ')}`,
      );
      return `a capability that covers ${request.action} on ${request.resource}; it has ${has?.join(' | ') ?? 'none'}`;
    }
    case 'condition_false':
      return `a true condition: ${failing(step, 'false')}`;
    case 'condition_error':
      return `a condition without error: ${failing(step, 'error')}`;
    case 'depends':
      return dependsSentence(request, step.conditions);
    case 'not_yet_valid':
      return `to be asked at ${time(delegation?.not_before ?? step.not_before)} or later`;
    case 'expired':
      return `to be asked before ${time(delegation?.expires_at ?? step.expires_at ?? Number.POSITIVE_INFINITY)}, or a new delegation`;
    case 'revoked':
      return 'a new delegation: revoking is final';
    case 'withdrawn':
      return `a new delegation: ${request.origin} withdrew this one for itself, which is final`;
    case 'not_in_set':
      return `${request.origin} must be in ${step.from}`;
    case 'origin_unproven':
      return `the origin must be ${delegation?.proof}: the request's was only ${request.proof}`;
    case 'session_required':
      return `an activation of ${step.delegation} for ${request.origin}`;
    case 'depth_exceeded':
      return `fewer hops, or a hand-over that it allows: max_depth is ${delegation?.max_depth}${delegation?.onward_to === undefined ? '' : `, onward_to ${delegation.onward_to.join(', ') || 'nobody'}`}`;
    default:
      return reason;
  }
}

function dependsSentence({ openAttributes = [] }: CheckRequest, conditions: readonly ConditionTrace[]): string {
  const unknown = conditions.filter(({ value }) => value === 'unknown').map(({ expression }) => expression);
  return `values of what is open (${openAttributes.join(', ')}) that decide ${[...new Set(unknown)].join('; ')}`;
}

function conditionsOf(step: PrincipalStep): readonly ConditionTrace[] {
  const ofRules = [...step.prohibitions, ...step.rules].flatMap(({ condition }) => condition ?? []);
  return [...ofRules, ...step.errors];
}

function failing(step: EdgeStep, value: 'false' | 'error'): string {
  const traces = step.conditions.filter((trace) => trace.value === value);
  return traces
    .map(({ expression, error }) => (error === undefined ? expression : `${expression} (${error})`))
    .join('; ');
}

function wholeSentence(reason: ReasonCode, request: CheckRequest, decision: Decision, snapshot: Snapshot): string {
  switch (reason) {
    case 'no_chain':
      return request.delegation === undefined
        ? `a delegation from ${request.origin} to ${request.actor}, directly or through others`
        : `${request.delegation} to lead from ${request.origin} to ${request.actor}`;
    case 'claim_mismatch':
      return `the claimed chain ${request.claimedChain?.join(' → ')} to be that of the graph`;
    case 'unknown_type':
      return `types that the model declares or a policy is about: ${[...snapshot.bundle.types].sort().join(', ')}`;
    case 'deleted':
      return `${request.resource} was deleted for ever: another resource`;
    case 'limit_exceeded':
      return `less than the limit ${decision.limit}`;
    default:
      return reason;
  }
}
