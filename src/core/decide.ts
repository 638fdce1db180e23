import type { CheckRequest, Decision, ReasonCode } from './decision.ts';
import { type DelegationNode, isAlive } from './delegation/node.ts';
import { mergeInOrder } from './delegation/node-list.ts';
import { typeOf } from './entity.ts';
import { LIMITS } from './limits.ts';
import { Inquiry } from './path/inquiry.ts';
import { judgePrincipal } from './path/judge-principal.ts';
import { type ChainTrace, decisive } from './path/trace.ts';
import { walkChain } from './path/walk.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The one door: may the actor do this, to that, on the origin's behalf? (design, section 1)
 *
 * Pure: the same request, snapshot and time give the same decision, path included, whatever the order in which
 * things were written (invariant 29).
 *
 * @param now milliseconds since 1970
 * @param detail `explain` also records the rules that did not apply; the decision is the same (invariant 27)
 */
export function decide(
  request: CheckRequest,
  snapshot: Snapshot,
  now: number,
  detail: 'record' | 'explain' = 'record',
): Decision {
  const inquiry = new Inquiry(request, snapshot, now, detail === 'explain');
  const refused = refusal(inquiry);
  if (refused !== undefined) return conclude(inquiry, [refused], undefined, []);

  if (request.actor === request.origin && request.delegation === undefined) {
    const trace = walkChain(inquiry, []);
    return conclude(inquiry, trace.reasons, trace, []);
  }

  const { live, past } = chainsOf(inquiry);
  const failed: ChainTrace[] = [];
  for (const leaf of live.slice(0, LIMITS.chainsPerCheck)) {
    if (inquiry.budget.exhausted) break;
    const trace = walkChain(inquiry, leaf.chain);
    if (trace.allowed) return conclude(inquiry, [], trace, failed);
    failed.push(trace);
  }
  if (live.length > LIMITS.chainsPerCheck) inquiry.reach('chainsPerCheck');
  const dependent = failed.find(depends);
  if (dependent !== undefined) {
    return conclude(
      inquiry,
      dependent.reasons,
      dependent,
      failed.filter((trace) => trace !== dependent),
    );
  }
  if (failed.length === 0) {
    for (const leaf of past) failed.push(walkChain(inquiry, leaf.chain));
  }
  const reported = failed.find(coversThroughout) ?? failed[0];
  if (reported !== undefined) {
    return conclude(
      inquiry,
      reported.reasons,
      reported,
      failed.filter((trace) => trace !== reported),
    );
  }
  return conclude(inquiry, ...noChain(inquiry));
}

/** Nothing leads from origin to actor: what can still be said of the two of them. */
function noChain(inquiry: Inquiry): [readonly ReasonCode[], ChainTrace, readonly ChainTrace[]] {
  const { origin, actor } = inquiry.request;
  const whole = { origin, actor, path: [origin, actor], depth: 1 };
  const steps = [
    judgePrincipal(inquiry, origin, { origin, actor: origin, path: [origin], depth: 0 }, whole),
    judgePrincipal(inquiry, actor, whole, whole),
  ];
  const all = new Set<ReasonCode>(steps[0]?.reasons);
  all.add('no_chain');
  for (const reason of steps[1]?.reasons ?? []) all.add(reason);
  const reasons = decisive([...all]);
  return [reasons, { allowed: false, reasons, steps }, []];
}

/** What denies before any chain is looked at. */
function refusal(inquiry: Inquiry): ReasonCode | undefined {
  const { request, snapshot } = inquiry;
  const { types, settings } = snapshot.bundle;
  for (const entity of [request.origin, request.actor, request.resource]) {
    // To Cerbos every kind is known: a principal or role policy with a wildcard speaks of all of them.
    if (entity === request.resource && settings.semantics === 'cerbos') continue;
    if (!types.has(typeOf(entity))) return 'unknown_type';
  }
  if (snapshot.entity(request.resource)?.deleted === true) return 'deleted';
  return undefined;
}

/** Whether it takes nothing but certain values of the open attributes for the chain to carry the request. */
function depends({ reasons }: ChainTrace): boolean {
  return reasons[0] === 'depends';
}

/** A chain that is about the action and the resource says more of a denial than one that never was. */
function coversThroughout(trace: ChainTrace): boolean {
  return !trace.reasons.includes('not_covered');
}

/** How many chains that are over a denial tells about. */
const PAST_CHAINS_TOLD = 4;

/** The chains from origin to actor: live ones in the order in which they are tried, and some that are over. */
function chainsOf(inquiry: Inquiry): { live: readonly DelegationNode[]; past: readonly DelegationNode[] } {
  const { request, snapshot, now } = inquiry;
  const { origin, actor } = request;
  const leads = (node: DelegationNode): boolean =>
    inquiry.budget.spend(1) && !node.chain.some((edge) => edge.delegation.to === origin);

  if (request.delegation !== undefined) {
    const node = snapshot.delegations.get(request.delegation);
    const fits =
      node !== undefined && node.delegation.to === actor && (node.origin === undefined || node.origin === origin);
    if (!fits || !node.sound || !leads(node)) return { live: [], past: [] };
    return isAlive(node, origin, now) ? { live: [node], past: [] } : { live: [], past: [node] };
  }

  const { fixed, open } = snapshot.delegations.candidates(origin, actor);
  const inOrder = mergeInOrder(fixed?.aliveAt(now) ?? [], open?.aliveAt(now) ?? []);
  const live = inOrder.filter((node) => isAlive(node, origin, now) && leads(node));
  if (live.length > 0) return { live, past: [] };
  const past = [...inOrder, ...(fixed?.past() ?? []), ...(open?.past() ?? [])].filter(leads);
  return { live, past: past.slice(0, PAST_CHAINS_TOLD) };
}

function conclude(
  inquiry: Inquiry,
  reasons: readonly ReasonCode[],
  chain: ChainTrace | undefined,
  others: readonly ChainTrace[],
): Decision {
  const { snapshot, limit } = inquiry;
  // A bound that one chain reached does not take away what another carries whole; the shared step budget does.
  const isCarried = chain !== undefined && (chain.allowed || depends(chain)) && !inquiry.budget.exhausted;
  const allowed = isCarried && chain.allowed;
  const all: readonly ReasonCode[] =
    isCarried || limit === undefined ? reasons : decisive([...new Set<ReasonCode>(['limit_exceeded', ...reasons])]);
  return {
    allowed,
    reason: allowed ? 'allowed' : (all[0] ?? 'no_chain'),
    reasons: allowed ? ['allowed'] : all,
    ...(chain === undefined ? undefined : { chain }),
    others,
    ...(limit === undefined ? undefined : { limit }),
    revision: snapshot.revision,
    bundle: snapshot.bundle.digest,
  };
}
