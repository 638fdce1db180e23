import type { StoredDecision } from '../../audit/log.ts';
import { type Delegation, isSet } from '../../core/delegation/delegation.ts';
import { type DelegationNode, liveActivation } from '../../core/delegation/node.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { DelegationFigures, DelegationShown } from './report-data.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Rows of the lists that point something out, and of the one of all. */
const POINTED_OUT = 20;
const LONGEST = 10;
const MOST_SHOWN = 1000;

/** Which delegations carried something, and when last. */
export class DelegationUse {
  private readonly uses = new Map<string, { last: number; allowed: number }>();

  add({ at, decision }: StoredDecision): void {
    if (!decision.allowed) return;
    for (const step of decision.chain?.steps ?? []) {
      if (step.kind !== 'edge') continue;
      const use = this.uses.get(step.delegation);
      if (use === undefined) this.uses.set(step.delegation, { last: at, allowed: 1 });
      else {
        use.last = Math.max(use.last, at);
        use.allowed += 1;
      }
    }
  }

  of(id: string): { readonly last: number; readonly allowed: number } | undefined {
    return this.uses.get(id);
  }
}

export interface DelegationQuestions {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly unusedDays: number;
  readonly expiringDays: number;
}

/**
 * The delegations in force just before the end of a period.
 *
 * @param use of the period, and of the days before its end in which an unused one would have been used
 */
export function delegationFigures(state: Snapshot, use: DelegationUse, asked: DelegationQuestions): DelegationFigures {
  const { from, to, unusedDays, expiringDays } = asked;
  const end = to - 1;
  const nodes = [...state.delegations.all()].sort((a, b) => (a.delegation.id < b.delegation.id ? -1 : 1));
  const live = nodes.filter((node) => isLive(node, end));
  const shown = (list: readonly DelegationNode[], most = POINTED_OUT) =>
    list.slice(0, most).map((node) => show(node, use));
  const depths = new Map<number, number>();
  for (const { chain } of live) depths.set(chain.length, (depths.get(chain.length) ?? 0) + 1);
  const unusedSince = to - unusedDays * DAY_MS;
  const unused = live
    .filter(
      ({ delegation }) => delegation.created_at < unusedSince && !((use.of(delegation.id)?.last ?? 0) >= unusedSince),
    )
    .sort((a, b) => a.delegation.created_at - b.delegation.created_at);
  const expiring = live
    .filter(({ expiresAt }) => expiresAt < to + expiringDays * DAY_MS)
    .sort((a, b) => a.expiresAt - b.expiresAt);
  return {
    live: live.length,
    standing: live.filter(({ delegation }) => delegation.activation === 'standing').length,
    session: live.filter(({ delegation }) => delegation.activation === 'session').length,
    templates: live.filter(({ delegation }) => isSet(delegation.from)).length,
    without_end: live.filter(({ expiresAt }) => expiresAt === Number.POSITIVE_INFINITY).length,
    sessions_open: live.reduce((sum, node) => sum + openSessions(node, end), 0),
    depths: [...depths].map(([depth, delegations]) => ({ depth, delegations })).sort((a, b) => a.depth - b.depth),
    made: nodes.filter(({ delegation }) => delegation.created_at >= from && delegation.created_at < to).length,
    ended: nodes.filter((node) => endedWithin(node, from, to)).length,
    longest: shown([...live].sort(byLength), LONGEST),
    unused: {
      days: unusedDays,
      since: new Date(unusedSince).toISOString(),
      count: unused.length,
      shown: shown(unused),
    },
    expiring: { days: expiringDays, count: expiring.length, shown: shown(expiring) },
    all: shown(live, MOST_SHOWN),
  };
}

function isLive(node: DelegationNode, at: number): boolean {
  return node.soundness === 'sound' && node.revoked === undefined && node.notBefore <= at && at < node.expiresAt;
}

function openSessions(node: DelegationNode, at: number): number {
  return [...node.activations.keys()].filter((origin) => liveActivation(node, origin, at) !== undefined).length;
}

function endedWithin({ revoked, expiresAt }: DelegationNode, from: number, to: number): boolean {
  const ended = Math.min(revoked?.at ?? Number.POSITIVE_INFINITY, expiresAt);
  return ended >= from && ended < to;
}

/** Those without an end first, the oldest of them first; then by how long they are valid. */
function byLength(a: DelegationNode, b: DelegationNode): number {
  const [left, right] = [a.expiresAt - a.notBefore, b.expiresAt - b.notBefore];
  if (left !== right) return left > right ? -1 : 1;
  return a.delegation.created_at - b.delegation.created_at;
}

function show({ delegation, chain, expiresAt }: DelegationNode, uses: DelegationUse): DelegationShown {
  const { id, name, from, to, origin, activation, created_at, created_by, basis } = delegation;
  const use = uses.of(id);
  return {
    id,
    ...(name === undefined ? undefined : { name }),
    from,
    to,
    ...(origin === undefined ? undefined : { origin }),
    capabilities: capabilityTexts(delegation),
    activation,
    depth: chain.length,
    created_at: new Date(created_at).toISOString(),
    created_by,
    basis,
    ...(expiresAt === Number.POSITIVE_INFINITY ? undefined : { expires_at: new Date(expiresAt).toISOString() }),
    ...(use === undefined ? undefined : { last_used: new Date(use.last).toISOString() }),
    allowed: use?.allowed ?? 0,
  };
}

function capabilityTexts({ capabilities, condition: whole }: Delegation): readonly string[] {
  const texts = capabilities.map(({ actions, resources, condition }) => {
    const when = condition === undefined ? '' : ` when ${condition}`;
    return `${actions.join(', ')} on ${resources.join(', ')}${when}`;
  });
  return whole === undefined ? texts : [...texts, `all of it only when ${whole}`];
}
