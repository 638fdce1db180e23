import type { Caller } from '../callers/caller.ts';
import type { Activation, Delegation, Revocation } from '../core/delegation/delegation.ts';
import type { DelegationNode } from '../core/delegation/node.ts';
import type { EntityId } from '../core/entity.ts';
import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { mayRead } from './permissions.ts';
import { readable, seesOrigin } from './visibility.ts';

export const DELEGATION_STATES = ['live', 'not_yet_valid', 'expired', 'revoked'] as const;
export type DelegationState = (typeof DELEGATION_STATES)[number];

/** A delegation as it is shown: itself, and what its place in the forest makes of it now. */
export interface DelegationView {
  readonly delegation: Delegation;
  readonly state: DelegationState;
  /** What killed it: its own revocation or an ancestor's. */
  readonly revoked?: Revocation;
  readonly withdrawn: readonly Revocation[];
  readonly activations: readonly Activation[];
  /** From the root to this one. */
  readonly chain: readonly Delegation[];
  readonly children: readonly string[];
}

export interface DelegationFilter {
  /** As whoever made it called it; several may be called the same. */
  readonly name?: string;
  readonly from?: string;
  readonly to?: EntityId;
  /** Held for this origin: those made for it, and templates whose set it may be in. */
  readonly origin?: EntityId;
  readonly state?: DelegationState;
}

export interface DelegationPage {
  readonly delegations: readonly DelegationView[];
  /** The last id of this page where there are more. */
  readonly next?: string;
}

/** One delegation with its chain; unknown and invisible look alike. */
export function getDelegation(ledger: Ledger, id: string, caller: Caller): Result<DelegationView, Failure> {
  const node = ledger.snapshot.delegations.get(id);
  if (node === undefined || !mayRead(caller, node, ledger.snapshot, ledger.now())) {
    return err(failure('not_found', `there is no delegation ${id}, or the caller ${caller.id} may not know of it`));
  }
  return ok(view(node, ledger, caller));
}

/** Delegations that the caller may read, by id, oldest first. */
export function listDelegations(
  ledger: Ledger,
  filter: DelegationFilter,
  page: { readonly after?: string; readonly limit: number },
  caller: Caller,
): DelegationPage {
  const now = ledger.now();
  const limit = Math.min(page.limit, LIMITS.pageSize);
  const found: DelegationNode[] = [];
  for (const node of candidates(ledger, filter)) {
    if (page.after !== undefined && node.delegation.id <= page.after) continue;
    if (matches(node, filter, now) && mayRead(caller, node, ledger.snapshot, now)) found.push(node);
  }
  found.sort((a, b) => (a.delegation.id < b.delegation.id ? -1 : 1));
  const delegations = found.slice(0, limit).map((node) => view(node, ledger, caller));
  const last = delegations.at(-1);
  return { delegations, ...(found.length > limit && last !== undefined ? { next: last.delegation.id } : undefined) };
}

function candidates(ledger: Ledger, filter: DelegationFilter): Iterable<DelegationNode> {
  const { delegations } = ledger.snapshot;
  if (filter.to !== undefined) return delegations.to(filter.to);
  if (filter.from !== undefined) return delegations.from(filter.from);
  return delegations.all();
}

function matches(node: DelegationNode, filter: DelegationFilter, now: number): boolean {
  const { from, to } = node.delegation;
  if (filter.from !== undefined && filter.from !== from) return false;
  if (filter.to !== undefined && filter.to !== to) return false;
  if (filter.name !== undefined && filter.name !== node.delegation.name) return false;
  if (filter.origin !== undefined && node.origin !== undefined && node.origin !== filter.origin) return false;
  return filter.state === undefined || filter.state === stateOf(node, now);
}

function stateOf(node: DelegationNode, now: number): DelegationState {
  if (node.revoked !== undefined) return 'revoked';
  if (now >= node.expiresAt) return 'expired';
  return now < node.notBefore ? 'not_yet_valid' : 'live';
}

/** As a caller who may read it sees it: what other origins do with it only where it made or holds it. */
function view(node: DelegationNode, ledger: Ledger, caller: Caller): DelegationView {
  const now = ledger.now();
  const sees = ({ origin }: { readonly origin?: EntityId }): boolean => seesOrigin(caller, node, origin);
  const activations = [...node.activations.values()].flat().filter((one) => now < one.expires_at && sees(one));
  return {
    delegation: node.delegation,
    state: stateOf(node, now),
    ...(node.revoked === undefined ? undefined : { revoked: node.revoked }),
    withdrawn: [...node.withdrawn.values()].filter(sees).sort((a, b) => a.revision - b.revision),
    activations: activations.sort((a, b) => (a.id < b.id ? -1 : 1)),
    chain: node.chain.map((edge) => edge.delegation),
    children: readable(
      node.children.map((child) => child.delegation.id).sort(),
      (id) => id,
      caller,
      ledger.snapshot,
      now,
    ),
  };
}
