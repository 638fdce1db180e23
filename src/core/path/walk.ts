import type { ReasonCode } from '../decision.ts';
import type { DelegationNode } from '../delegation/node.ts';
import type { EntityId } from '../entity.ts';
import type { PathView } from '../policy/judgement.ts';
import type { Inquiry } from './inquiry.ts';
import { judgeEdge } from './judge-edge.ts';
import { judgePrincipal } from './judge-principal.ts';
import type { ChainTrace, Step } from './trace.ts';

/**
 * Walks one chain from the origin on, principal, edge, principal, …, and judges every hop of it. The one walk: an
 * explanation is what it recorded. It never stops at the first failure, so that a denial can tell all of them.
 *
 * @param chain the edges from the root to the actor's own; empty where the origin itself acts
 */
export function walkChain(inquiry: Inquiry, chain: readonly DelegationNode[]): ChainTrace {
  const { origin } = inquiry.request;
  const people: EntityId[] = [origin];
  for (const edge of chain) people.push(edge.delegation.to);
  const views = people.map((_, last) => viewUpTo(people, last));
  const whole = views[views.length - 1] ?? viewUpTo(people, 0);

  const steps: Step[] = [];
  people.forEach((principal, index) => {
    const visible = views[index] ?? whole;
    const edge = index === 0 ? undefined : chain[index - 1];
    if (edge !== undefined) steps.push(judgeEdge(inquiry, edge, chain.slice(index), visible));
    steps.push(judgePrincipal(inquiry, principal, visible, whole));
  });

  const reasons = reasonsOf(inquiry, steps, people);
  const last = chain[chain.length - 1];
  return {
    ...(last === undefined ? undefined : { delegation: last.delegation.id }),
    allowed: reasons.length === 0,
    reasons,
    steps,
  };
}

/** `D` for whoever may see the path up to the principal at `last`. */
function viewUpTo(people: readonly EntityId[], last: number): PathView {
  const path = people.slice(0, last + 1);
  return { origin: people[0] ?? '', actor: people[last] ?? '', path, depth: last };
}

function reasonsOf(inquiry: Inquiry, steps: readonly Step[], people: readonly EntityId[]): readonly ReasonCode[] {
  const reasons = new Set<ReasonCode>();
  const claimed = inquiry.request.claimedChain;
  // A claim is only compared: it never adds authority, and where it parts from the graph the request is denied.
  if (claimed !== undefined && !sameOrder(claimed, people)) reasons.add('claim_mismatch');
  for (const step of steps) for (const reason of step.reasons) reasons.add(reason);
  return [...reasons];
}

function sameOrder(a: readonly EntityId[], b: readonly EntityId[]): boolean {
  return a.length === b.length && a.every((principal, index) => principal === b[index]);
}
