import type { Caller } from '../callers/caller.ts';
import type { Activation } from '../core/delegation/delegation.ts';
import { type DelegationNode, isAlive } from '../core/delegation/node.ts';
import type { EntityId } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Failure, failure } from './failure.ts';
import { isHeldFor } from './held-for.ts';
import { newId } from './ids.ts';
import type { Idempotency, Ledger } from './ledger.ts';
import { hasRole, isHolderFor, mayRead, mayRevoke, speaksFor } from './permissions.ts';

export interface ActivateRequest {
  readonly delegation: string;
  readonly origin: EntityId;
  /** Seconds; absent: as long as the delegation allows. */
  readonly seconds?: number;
}

export interface Activated {
  readonly activation: Activation;
  readonly revision: string;
}

/**
 * Opens a session delegation for one origin: by the origin itself, or by a caller that vouches for it and is not whom the
 * session lets act. Whoever is to be let in does not open.
 */
export function activate(
  ledger: Ledger,
  request: ActivateRequest,
  caller: Caller,
  idempotency?: Idempotency,
): Result<Activated, Failure> {
  return ledger.write<Activated>(
    caller,
    ({ now, revision, snapshot }) => {
      const node = snapshot.delegations.get(request.delegation);
      const speaks = hasRole(caller, 'check', 'delegate') && speaksFor(caller, request.origin);
      // To speak for one origin tells nothing of delegations that are not held for it.
      const concerns = node !== undefined && speaks && isHeldFor(node, request.origin, snapshot, now);
      if (node === undefined || (!concerns && !mayRead(caller, node, snapshot, now))) {
        return err(unknown(request.delegation, caller));
      }
      if (!speaks) {
        return err(
          failure(
            'forbidden',
            `the caller ${caller.id} may not open a session for ${request.origin}: it is neither that principal nor vouches for it`,
          ),
        );
      }
      if (isHolderFor(caller, request.origin, node)) {
        return err(
          failure(
            'forbidden',
            `the caller ${caller.id} is whom the session would let act: ${request.origin} opens it, or somebody who vouches for ${request.origin} and is not the holder`,
          ),
        );
      }
      if (snapshot.entity(request.origin)?.suspended === true) {
        return err(failure('unprocessable', `${request.origin} is suspended: nothing is opened for it`));
      }
      const refused = refusal(snapshot, node, request, now);
      if (refused !== undefined) return err(failure('unprocessable', refused));
      const longest = node.delegation.max_session ?? 0;
      const activation: Activation = {
        id: newId('act', now),
        delegation: request.delegation,
        origin: request.origin,
        created_at: now,
        expires_at: now + (request.seconds ?? longest) * 1000,
        by: caller.id,
      };
      return ok({
        act: 'activate',
        changes: [{ kind: 'activation', key: activation.id, value: activation }],
        answer: { activation, revision: ledger.token(revision) },
      });
    },
    idempotency,
  );
}

function refusal(snapshot: Snapshot, node: DelegationNode, request: ActivateRequest, now: number): string | undefined {
  const { delegation } = node;
  const { origin, seconds } = request;
  if (delegation.activation !== 'session') return `${delegation.id} is standing: it needs no session`;
  if (!isAlive(node, origin, Math.max(now, node.notBefore))) return `${delegation.id} is revoked, withdrawn or expired`;
  const longest = delegation.max_session ?? 0;
  if (seconds !== undefined && (!Number.isInteger(seconds) || seconds < 1 || seconds > longest)) {
    return `a session of ${delegation.id} lasts from 1 to ${longest} seconds, not ${seconds}`;
  }
  if (node.origin !== undefined && node.origin !== origin) {
    return `${delegation.id} is for ${node.origin}, not for ${origin}`;
  }
  return isHeldFor(node, origin, snapshot, now)
    ? undefined
    : `${origin} is not a member of ${node.chain[0]?.delegation.from}, which ${delegation.id} is for`;
}

/** Ends a session by hand: by whoever may open it, a delegator up the chain, or an administrator. */
export function deactivate(
  ledger: Ledger,
  request: { readonly delegation: string; readonly activation: string },
  caller: Caller,
): Result<{ readonly revision: string }, Failure> {
  return ledger.write(caller, ({ revision, snapshot }) => {
    const node = snapshot.delegations.get(request.delegation);
    const activation = snapshot.delegations.activation(request.activation);
    const found = node !== undefined && activation?.delegation === request.delegation;
    const speaks = found && hasRole(caller, 'check', 'delegate') && speaksFor(caller, activation.origin);
    const may = speaks || (found && mayRevoke(caller, node));
    if (!may) return err(unknown(`${request.delegation} with the activation ${request.activation}`, caller));
    return ok({
      act: 'deactivate',
      changes: [{ kind: 'activation', key: request.activation, value: null }],
      answer: { revision: ledger.token(revision) },
    });
  });
}

function unknown(what: string, caller: Caller): Failure {
  return failure('not_found', `there is no delegation ${what}, or the caller ${caller.id} may not know of it`);
}
