import type { Caller } from '../callers/caller.ts';
import { revocationKey } from '../core/change.ts';
import type { Capability, Revocation } from '../core/delegation/delegation.ts';
import { type DelegationNode, isAlive } from '../core/delegation/node.ts';
import { containsPattern } from '../core/delegation/patterns.ts';
import type { EntityId } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Failure, failure } from './failure.ts';
import type { Idempotency, Ledger } from './ledger.ts';
import { mayRead, mayRevoke, mayWithdraw } from './permissions.ts';
import { readable } from './visibility.ts';

export interface RevokeRequest {
  readonly delegation: string;
  readonly reason: string;
  /** Withdrawn for this origin only. */
  readonly onBehalfOf?: EntityId;
  readonly dryRun: boolean;
}

/** One delegation that dies with a revocation. */
export interface Casualty {
  readonly delegation: string;
  readonly name?: string;
  readonly from: string;
  readonly to: EntityId;
  /** Hops from its root. */
  readonly depth: number;
}

/** What a holder keeps through another live delegation. */
export interface Kept {
  readonly to: EntityId;
  readonly through: string;
  readonly capabilities: readonly Capability[];
}

export interface Revoked {
  readonly delegation: string;
  readonly onBehalfOf?: EntityId;
  readonly dryRun: boolean;
  /** From this revision on nothing passes; with `dryRun` the one that was looked at. */
  readonly revision: string;
  /** When it was revoked, ms; absent for a dry run. */
  readonly at?: number;
  /** It was revoked before: nothing new happened. */
  readonly already: boolean;
  readonly dies: readonly Casualty[];
  readonly keeps: readonly Kept[];
}

/** Kills a delegation and everything derived from it, for everybody or for one origin. Final, and idempotent. */
export function revoke(
  ledger: Ledger,
  request: RevokeRequest,
  caller: Caller,
  idempotency?: Idempotency,
): Result<Revoked, Failure> {
  return ledger.write<Revoked>(
    caller,
    ({ now, revision, snapshot }) => {
      const node = snapshot.delegations.get(request.delegation);
      const permitted = permission(caller, node, request, snapshot, now);
      if (!permitted.ok) return permitted;
      const target = permitted.value;
      const { onBehalfOf, dryRun, reason } = request;
      const before = onBehalfOf === undefined ? target.revoked : (target.withdrawn.get(onBehalfOf) ?? target.revoked);
      const dead = before === undefined ? subtree(target, (node) => node.revoked === undefined) : [];
      const answer = {
        delegation: request.delegation,
        ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
        dryRun,
        already: before !== undefined,
        dies: readable(dead.map(casualty), (one) => one.delegation, caller, snapshot, now),
        keeps:
          before === undefined
            ? readable(keepers(snapshot, dead, now, onBehalfOf), (one) => one.through, caller, snapshot, now)
            : [],
      };
      if (dryRun) return ok({ act: 'revoke', changes: [], answer: { ...answer, revision: ledger.token() } });
      if (before !== undefined) {
        return ok({
          act: 'revoke',
          changes: [],
          answer: { ...answer, at: before.at, revision: ledger.token(before.revision) },
        });
      }
      const revocation: Revocation = {
        delegation: request.delegation,
        ...(onBehalfOf === undefined ? undefined : { origin: onBehalfOf }),
        at: now,
        by: caller.id,
        reason,
        revision,
      };
      return ok({
        act: 'revoke',
        changes: [{ kind: 'revocation', key: revocationKey(request.delegation, onBehalfOf), value: revocation }],
        answer: { ...answer, at: now, revision: ledger.token(revision) },
      });
    },
    idempotency,
  );
}

function permission(
  caller: Caller,
  node: DelegationNode | undefined,
  request: RevokeRequest,
  snapshot: Snapshot,
  now: number,
): Result<DelegationNode, Failure> {
  const { delegation, onBehalfOf } = request;
  if (node === undefined || !mayRead(caller, node, snapshot, now)) {
    return err(
      failure('not_found', `there is no delegation ${delegation}, or the caller ${caller.id} may not know of it`),
    );
  }
  const may = onBehalfOf === undefined ? mayRevoke(caller, node) : mayWithdraw(caller, onBehalfOf);
  if (!may) {
    return err(
      failure(
        'forbidden',
        onBehalfOf === undefined
          ? `the caller ${caller.id} may not revoke ${delegation}: only a delegator up its chain, its holder or an administrator may`
          : `the caller ${caller.id} may not withdraw for ${onBehalfOf}: only ${onBehalfOf} or an administrator may`,
      ),
    );
  }
  if (onBehalfOf !== undefined && node.origin !== undefined && node.origin !== onBehalfOf) {
    return err(
      failure('unprocessable', `${delegation} is for ${node.origin} only: ${onBehalfOf} has nothing to withdraw`),
    );
  }
  return ok(node);
}

/** The node and everything below it, parents first, that `take` accepts. */
function subtree(root: DelegationNode, take: (node: DelegationNode) => boolean): readonly DelegationNode[] {
  if (!take(root)) return [];
  return [root, ...root.children.flatMap((child) => subtree(child, take))];
}

function casualty({ delegation, chain }: DelegationNode): Casualty {
  return {
    delegation: delegation.id,
    ...(delegation.name === undefined ? undefined : { name: delegation.name }),
    from: delegation.from,
    to: delegation.to,
    depth: chain.length,
  };
}

/** Which holders of what dies still have some of it through a delegation that lives on. */
function keepers(
  snapshot: Snapshot,
  dead: readonly DelegationNode[],
  now: number,
  onBehalfOf?: EntityId,
): readonly Kept[] {
  const gone = new Set(dead.map((node) => node.delegation.id));
  const kept = new Map<string, Kept>();
  for (const lost of dead) {
    for (const other of snapshot.delegations.to(lost.delegation.to)) {
      const { id, capabilities, to } = other.delegation;
      const origin = onBehalfOf ?? lost.origin ?? other.origin;
      const sameOrigin = origin === undefined || other.origin === undefined || other.origin === origin;
      if (gone.has(id) || !sameOrigin || !isAlive(other, origin ?? '', now)) continue;
      const shared = capabilities.filter((capability) => overlapsAny(capability, lost.delegation.capabilities));
      if (shared.length > 0) kept.set(id, { to, through: id, capabilities: shared });
    }
  }
  return [...kept.values()].sort((a, b) => (a.through < b.through ? -1 : 1));
}

function overlapsAny(capability: Capability, others: readonly Capability[]): boolean {
  return others.some(
    (other) => overlap(capability.actions, other.actions) && overlap(capability.resources, other.resources),
  );
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  return a.some((x) => b.some((y) => containsPattern(x, y) || containsPattern(y, x)));
}
