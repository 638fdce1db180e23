import type { Caller } from '../callers/caller.ts';
import type { Decision, ReasonCode } from '../core/decision.ts';
import type { DelegationNode } from '../core/delegation/node.ts';
import type { EntityId } from '../core/entity.ts';
import type { ChainTrace, Step } from '../core/path/trace.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Shortfall } from './needed.ts';
import { madeOrHolds, mayRead, seesEverything } from './permissions.ts';

/**
 * What a caller may see of a path, in one place (design, section 3): auditors and administrators all of it; a principal
 * itself and the edges that it made or holds; everybody of every decision one coarse reason. Unknown and forbidden look alike.
 */

/** Reasons that a caller can act upon without learning what exists: kept when they are the only ones. */
const TOLD_TO_ALL: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'allowed',
  'depends',
  'session_required',
  'origin_unproven',
  'claim_mismatch',
  'actor_missing',
  'limit_exceeded',
  'stale',
  'log_unavailable',
]);

/** The reason that everybody is told who may not see paths. */
export function coarse(decision: Decision): ReasonCode {
  return decision.reasons.every((reason) => TOLD_TO_ALL.has(reason)) ? decision.reason : 'denied';
}

/** A decision as a principal is told it: of the chain the hops that it may see, for all others `denied`. */
export function toldDecision(decision: Decision, origin: EntityId, principal: EntityId): Decision {
  const { chain, limit, ...rest } = decision;
  const reason = coarse(decision);
  const visible = chain === undefined ? undefined : visibleChain(chain, reason, origin, principal);
  const told = { ...rest, others: [], reason, reasons: toldReasons(decision, reason, visible) };
  return {
    ...told,
    ...(visible === undefined ? undefined : { chain: visible }),
    ...(limit === undefined || !told.reasons.includes('limit_exceeded') ? undefined : { limit }),
  };
}

/** What a decision lacked, as far as the hops may be seen, by their places among them. */
export function toldShortfalls(
  lacking: readonly Shortfall[],
  decision: Decision,
  origin: EntityId,
  principal: EntityId,
): readonly Shortfall[] {
  const places = new Map<number, number>();
  decision.chain?.steps.forEach((step, index) => {
    if (isVisible(step, principal)) places.set(index, places.size);
  });
  return lacking.flatMap((shortfall) => {
    if (shortfall.step < 0) return coarse(decision) === 'denied' ? [] : [shortfall];
    const step = places.get(shortfall.step);
    return step === undefined || !isTold(shortfall.reason, origin, principal) ? [] : [{ ...shortfall, step }];
  });
}

/** Those of the delegations that a caller may know of. */
export function readable<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  caller: Caller,
  snapshot: Snapshot,
  now: number,
): readonly T[] {
  if (seesEverything(caller)) return items;
  return items.filter((item) => {
    const node = snapshot.delegations.get(idOf(item));
    return node !== undefined && mayRead(caller, node, snapshot, now);
  });
}

/** Whether a caller may see what one origin did with a delegation: its sessions, and that it withdrew. */
export function seesOrigin(caller: Caller, node: DelegationNode, origin: EntityId | undefined): boolean {
  if (seesEverything(caller) || origin === undefined) return true;
  const { principal } = caller;
  return principal !== undefined && (principal === origin || madeOrHolds(principal, node));
}

function toldReasons(decision: Decision, reason: ReasonCode, visible: ChainTrace | undefined): readonly ReasonCode[] {
  if (reason !== 'denied') return decision.reasons;
  const seen = new Set((visible?.steps ?? []).flatMap((step) => step.reasons));
  const told = decision.reasons.map((one) => (seen.has(one) ? one : 'denied'));
  return [...new Set<ReasonCode>(['denied', ...told])];
}

function visibleChain(chain: ChainTrace, reason: ReasonCode, origin: EntityId, principal: EntityId): ChainTrace {
  const steps = chain.steps
    .filter((step) => isVisible(step, principal))
    .map((step) => toldStep(step, origin, principal));
  const seen = new Set(steps.flatMap((step) => step.reasons));
  // `denied` whether or not a hidden hop fails, too: that it does would tell of others.
  const told = chain.reasons.filter((one) => seen.has(one));
  return { ...chain, reasons: reason === 'denied' ? ['denied', ...told] : chain.reasons, steps };
}

/** A principal sees itself, and the edges that it made or holds. */
function isVisible(step: Step, principal: EntityId): boolean {
  return step.kind === 'principal' ? step.principal === principal : step.from === principal || step.to === principal;
}

/** Whoever holds a template does not see who is in its set, nor how. */
function toldStep(step: Step, origin: EntityId, principal: EntityId): Step {
  if (step.kind === 'principal' || origin === principal) return step;
  const reasons = step.reasons.filter((reason) => isTold(reason, origin, principal));
  return { ...step, reasons, held: undefined };
}

function isTold(reason: ReasonCode, origin: EntityId, principal: EntityId): boolean {
  return reason !== 'not_in_set' || origin === principal;
}
