import type { CheckRequest, Decision, ReasonCode } from './decision.ts';
import { typeOf } from './entity.ts';
import { LIMITS } from './limits.ts';
import { chainsOf, chainsToTell, isInQuestion } from './path/chains.ts';
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

  const { live, past, deep } = chainsOf(inquiry);
  const failed: ChainTrace[] = [];
  for (const leaf of live) {
    if (inquiry.budget.exhausted) break;
    // A single chain is walked in any case: there is nothing that it could crowd out.
    if (live.length > 1 && !isInQuestion(inquiry, leaf)) continue;
    if (failed.length === LIMITS.chainsPerCheck) {
      inquiry.reach('chainsPerCheck');
      break;
    }
    const trace = walkChain(inquiry, leaf.chain);
    if (trace.allowed) return conclude(inquiry, [], trace, failed);
    failed.push(trace);
  }
  if (deep.some((leaf) => isInQuestion(inquiry, leaf))) inquiry.reach('chainDepth');
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
    for (const leaf of live.length > 0 ? chainsToTell(inquiry, live) : past)
      failed.push(walkChain(inquiry, leaf.chain));
  }
  const [reported] = failed;
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
  const whole = { origin, actor, path: [origin, actor], depth: 1n };
  const steps = [
    judgePrincipal(inquiry, origin, { origin, actor: origin, path: [origin], depth: 0n }, whole),
    judgePrincipal(inquiry, actor, whole, whole),
  ];
  const all = new Set<ReasonCode>(steps[0]?.reasons);
  if (inquiry.limit !== 'chainDepth') all.add('no_chain');
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
