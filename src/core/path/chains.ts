import { type DelegationNode, isAlive } from '../delegation/node.ts';
import { mergeInOrder } from '../delegation/node-list.ts';
import { coversName } from '../delegation/patterns.ts';
import type { EntityId } from '../entity.ts';
import type { Inquiry } from './inquiry.ts';

/** The chains from origin to actor (design, section 1). */
export interface Chains {
  /** Their leaves, in the order in which they are tried. */
  readonly live: readonly DelegationNode[];
  /** Some that are over, where none is live: a denial tells of them. */
  readonly past: readonly DelegationNode[];
  /** Live ones with more edges than `chainDepth`: they carry nothing, and a denial says so. */
  readonly deep: readonly DelegationNode[];
}

const NONE: Chains = { live: [], past: [], deep: [] };

/** How many chains a denial tells about that are over, or about something else. */
const CHAINS_TOLD = 4;

export function chainsOf(inquiry: Inquiry): Chains {
  const { request, snapshot, now } = inquiry;
  const { origin, actor } = request;
  if (request.delegation !== undefined) return pinned(inquiry, request.delegation);

  const { fixed, open, deep } = snapshot.delegations.candidates(origin, actor);
  const inOrder = mergeInOrder(fixed?.aliveAt(now) ?? [], open?.aliveAt(now) ?? []);
  const isLive = (node: DelegationNode): boolean => isAlive(node, origin, now) && leads(inquiry, node);
  const live = inOrder.filter(isLive);
  const tooDeep = deep.filter((node) => isFor(node, origin) && isLive(node));
  if (live.length > 0) return { live, past: [], deep: tooDeep };
  const past = [...inOrder, ...(fixed?.past() ?? []), ...(open?.past() ?? [])].filter((node) => leads(inquiry, node));
  return { live, past: past.slice(0, CHAINS_TOLD), deep: tooDeep };
}

/** The one chain that the request names, if it is one from its origin to its actor. */
function pinned(inquiry: Inquiry, delegation: string): Chains {
  const { request, snapshot, now } = inquiry;
  const node = snapshot.delegations.get(delegation);
  if (node === undefined || node.delegation.to !== request.actor || !isFor(node, request.origin)) return NONE;
  if (node.soundness === 'unsound' || !leads(inquiry, node)) return NONE;
  if (!isAlive(node, request.origin, now)) return { ...NONE, past: node.soundness === 'sound' ? [node] : [] };
  return node.soundness === 'sound' ? { ...NONE, live: [node] } : { ...NONE, deep: [node] };
}

function isFor(node: DelegationNode, origin: EntityId): boolean {
  return node.origin === undefined || node.origin === origin;
}

/** A chain that comes back to the origin leads nowhere: an origin needs no delegation for what it may itself. */
function leads(inquiry: Inquiry, { chain }: DelegationNode): boolean {
  return inquiry.budget.spend(1) && !chain.some((edge) => edge.delegation.to === inquiry.request.origin);
}

/**
 * Whether a chain is about the question at all: held for the origin, and every edge of it covers action and resource,
 * conditions aside. What is not carries nothing, whatever else is true, and does not count against the bound of chains:
 * so nobody's delegations crowd out another one's by being many.
 */
export function isInQuestion(inquiry: Inquiry, { chain }: DelegationNode): boolean {
  return coversThroughout(inquiry, chain) && isHeld(inquiry, chain[0]);
}

/**
 * What a denial tells of live chains none of which is in question: those that cover the request first, for they say more
 * than those that never were about it.
 */
export function chainsToTell(inquiry: Inquiry, live: readonly DelegationNode[]): readonly DelegationNode[] {
  const covering = live.filter(({ chain }) => coversThroughout(inquiry, chain));
  return [...covering, ...live.filter((leaf) => !covering.includes(leaf))].slice(0, CHAINS_TOLD);
}

function coversThroughout(inquiry: Inquiry, chain: readonly DelegationNode[]): boolean {
  return chain.every((edge) => covers(inquiry, edge));
}

function covers(inquiry: Inquiry, { capabilities }: DelegationNode): boolean {
  const { action, resource } = inquiry.request;
  if (!inquiry.budget.spend(1)) return false;
  return capabilities.some((one) => coversName(one.actions, action) && coversName(one.resources, resource));
}

function isHeld(inquiry: Inquiry, root: DelegationNode | undefined): boolean {
  return root !== undefined && inquiry.holding(root.delegation.from).held;
}
