import type { Condition, ConditionTrace } from '../cel/condition.ts';
import type { Bindings } from '../cel/program.ts';
import type { ReasonCode } from '../decision.ts';
import { strength } from '../delegation/attenuation.ts';
import { type CompiledCondition, type DelegationNode, liveActivation } from '../delegation/node.ts';
import { coversName } from '../delegation/patterns.ts';
import type { PathView, PolicyPrincipal } from '../policy/judgement.ts';
import type { ProofStep } from '../relationships/membership.ts';
import type { Inquiry } from './inquiry.ts';
import { decisive, type EdgeStep } from './trace.ts';

/**
 * Whether one delegation of a chain carries the request: live, held for the origin, open for it, proven well
 * enough, covering action and resource with every condition true, and allowed to be handed on as the rest of the
 * chain does (design, sections 1 and 2). All reasons are collected, not only the first.
 *
 * @param node the edge, which is `chain[hop]`
 * @param holder its `to`
 * @param visible the path up to the edge's `to`
 */
export function judgeEdge(
  inquiry: Inquiry,
  chain: readonly DelegationNode[],
  hop: number,
  node: DelegationNode,
  holder: PolicyPrincipal,
  visible: PathView,
): EdgeStep {
  const { delegation } = node;
  const { request } = inquiry;
  const reasons: ReasonCode[] = [];
  inquiry.budget.spend(1);

  lifeReasons(inquiry, node, reasons);
  let held: readonly ProofStep[] | undefined;
  if (delegation.parent === undefined) {
    const holding = inquiry.holding(delegation.from);
    held = holding.proof;
    if (!holding.held) reasons.push('not_in_set');
  }
  if (strength(request.proof) < strength(delegation.proof)) reasons.push('origin_unproven');
  const activation =
    delegation.activation === 'session' ? liveActivation(node, request.origin, inquiry.now) : undefined;
  if (delegation.activation === 'session' && activation === undefined) reasons.push('session_required');

  const conditions: ConditionTrace[] = [];
  const capability = coveringCapability(inquiry, node, holder, visible, conditions, reasons);
  if (node.condition !== undefined) {
    const trace = evaluate(inquiry, node.condition, inquiry.edgeBindings(holder, visible));
    conditions.push(trace);
    if (trace.value !== 'true') reasons.push(FAILURES[trace.value]);
  }
  if (!mayBeHandedOn(node, chain, hop)) reasons.push('depth_exceeded');

  // One shape for every edge, written out: this runs for each hop of each check.
  return {
    kind: 'edge',
    delegation: delegation.id,
    name: delegation.name,
    from: delegation.from,
    to: delegation.to,
    reasons: reasons.length > 1 ? decisive(reasons) : reasons,
    capability,
    conditions,
    held,
    activation: activation?.id,
    not_before: node.notBefore,
    expires_at: node.expiresAt === Number.POSITIVE_INFINITY ? undefined : node.expiresAt,
  };
}

function lifeReasons(inquiry: Inquiry, node: DelegationNode, reasons: ReasonCode[]): void {
  const { request, now } = inquiry;
  const { delegation } = node;
  // An ancestor's death is told at the ancestor, which is an earlier hop of the same chain.
  if (node.ownRevocation !== undefined) reasons.push('revoked');
  if (node.withdrawn.has(request.origin)) reasons.push('withdrawn');
  if (now < delegation.not_before) reasons.push('not_yet_valid');
  if (delegation.expires_at !== undefined && now >= delegation.expires_at) reasons.push('expired');
}

/** What a condition that does not hold is told as. */
const FAILURES = { false: 'condition_false', error: 'condition_error', unknown: 'depends' } as const;

/**
 * The first capability that covers the request with a true condition; else the first that may turn out to, which
 * depends; else why none did.
 */
function coveringCapability(
  inquiry: Inquiry,
  node: DelegationNode,
  holder: PolicyPrincipal,
  visible: PathView,
  conditions: ConditionTrace[],
  reasons: ReasonCode[],
): number | undefined {
  const { action, resource } = inquiry.request;
  let failed: ReasonCode = 'not_covered';
  let bindings: Bindings | undefined;
  let maybe: number | undefined;
  for (let index = 0; index < node.capabilities.length; index++) {
    const capability = node.capabilities[index];
    if (
      capability === undefined ||
      !coversName(capability.actions, action) ||
      !coversName(capability.resources, resource)
    ) {
      continue;
    }
    if (capability.condition === undefined) return index;
    bindings ??= inquiry.edgeBindings(holder, visible);
    const trace = evaluate(inquiry, capability.condition, bindings);
    conditions.push(trace);
    if (trace.value === 'true') return index;
    if (trace.value === 'unknown') maybe ??= index;
    else if (failed !== 'condition_error') failed = FAILURES[trace.value];
  }
  reasons.push(maybe === undefined ? failed : 'depends');
  return maybe;
}

function evaluate(inquiry: Inquiry, condition: CompiledCondition, bindings: Bindings): ConditionTrace {
  const { compiled, source } = condition;
  if (!compiled.ok) return { expression: source, value: 'error', error: compiled.error.message };
  return traced(compiled.value, bindings, inquiry);
}

function traced(condition: Condition, bindings: Bindings, inquiry: Inquiry): ConditionTrace {
  const value = condition.holds(bindings, inquiry.host);
  if (value.kind === 'error') return { expression: condition.source, value: 'error', error: value.message };
  return { expression: condition.source, value: value.kind };
}

/** Depth and onward bounds, read off the graph once more: what is stored is not trusted to be attenuated. */
function mayBeHandedOn(node: DelegationNode, chain: readonly DelegationNode[], hop: number): boolean {
  if (chain.length - 1 - hop > node.delegation.max_depth) return false;
  if (node.onwardTo === undefined) return true;
  for (let below = hop + 1; below < chain.length; below++) {
    if (!coversName(node.onwardTo, chain[below]?.delegation.to ?? '')) return false;
  }
  return true;
}
