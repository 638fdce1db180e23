import type { ReasonCode } from '../decision.ts';
import type { DelegationNode } from '../delegation/node.ts';
import type { EntityId } from '../entity.ts';
import type { PathView } from '../policy/judgement.ts';
import type { Inquiry } from './inquiry.ts';
import { judgeEdge } from './judge-edge.ts';
import { judgePrincipal, judgeResolved } from './judge-principal.ts';
import { type ChainTrace, decisive, type Step } from './trace.ts';

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
  const whole: PathView = { origin, actor: people[chain.length] ?? origin, path: people, depth: BigInt(chain.length) };

  // Nobody who looks at `D` means that nobody can tell the views apart.
  const isSeen = inquiry.snapshot.bundle.policies.readsPath || chain[chain.length - 1]?.chainReadsPath === true;
  const steps: Step[] = [];
  steps.push(judgePrincipal(inquiry, origin, isSeen ? viewUpTo(people, 0) : whole, whole));
  for (let hop = 0; hop < chain.length; hop++) {
    const edge = chain[hop];
    if (edge === undefined) break;
    const visible = isSeen ? viewUpTo(people, hop + 1) : whole;
    const record = inquiry.snapshot.entity(edge.delegation.to);
    const holder = inquiry.principal(edge.delegation.to, record);
    steps.push(judgeEdge(inquiry, chain, hop, edge, holder, visible));
    steps.push(judgeResolved(inquiry, holder, record, visible, whole));
  }

  const reasons = reasonsOf(inquiry, steps, people);
  return {
    delegation: chain[chain.length - 1]?.delegation.id,
    allowed: reasons.length === 0,
    reasons,
    steps,
  };
}

/** `D` for whoever may see the path up to the principal at `last`. */
function viewUpTo(people: readonly EntityId[], last: number): PathView {
  const path = people.slice(0, last + 1);
  return { origin: people[0] ?? '', actor: people[last] ?? '', path, depth: BigInt(last) };
}

function reasonsOf(inquiry: Inquiry, steps: readonly Step[], people: readonly EntityId[]): readonly ReasonCode[] {
  const reasons: ReasonCode[] = [];
  const claimed = inquiry.request.claimedChain;
  // A claim is only compared: it never adds authority, and where it parts from the graph the request is denied.
  if (claimed !== undefined && !sameOrder(claimed, people)) reasons.push('claim_mismatch');
  for (const step of steps) {
    for (const reason of step.reasons) if (!reasons.includes(reason)) reasons.push(reason);
  }
  return inquiry.unknowns === undefined ? reasons : decisive(reasons);
}

function sameOrder(a: readonly EntityId[], b: readonly EntityId[]): boolean {
  return a.length === b.length && a.every((principal, index) => principal === b[index]);
}
