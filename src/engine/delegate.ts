import type { Caller } from '../callers/caller.ts';
import { deriveChild, deriveRoot, type Excess } from '../core/delegation/attenuation.ts';
import { type Delegation, isSet } from '../core/delegation/delegation.ts';
import { type DelegationDraft, draftFaults, time } from '../core/delegation/draft.ts';
import { type DelegationNode, isAlive } from '../core/delegation/node.ts';
import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Failure, failure } from './failure.ts';
import { newId } from './ids.ts';
import type { Idempotency, Ledger } from './ledger.ts';
import { delegationBasis, mayRead } from './permissions.ts';

export interface Delegated {
  readonly delegation: Delegation;
  readonly revision: string;
}

/** Makes a delegation or a template (design, section 2). Refused: nothing changed. */
export function delegate(
  ledger: Ledger,
  draft: DelegationDraft,
  caller: Caller,
  idempotency?: Idempotency,
): Result<Delegated, Failure> {
  return ledger.write<Delegated>(
    caller,
    ({ now, revision, snapshot }) => {
      const planned = planDelegation(snapshot, draft, caller, now);
      if (!planned.ok) return planned;
      const delegation: Delegation = {
        ...planned.value,
        id: newId('dlg', now),
        created_at: now,
        created_by: caller.id,
        revision,
      };
      return ok({
        act: 'delegate',
        changes: [{ kind: 'delegation', key: delegation.id, value: delegation }],
        answer: { delegation, revision: ledger.token(revision) },
      });
    },
    idempotency,
  );
}

type Planned = Omit<Delegation, 'id' | 'created_at' | 'created_by' | 'revision'>;

/** Everything that may speak against a draft at this state, in the order in which a person would want to know. */
export function planDelegation(
  snapshot: Snapshot,
  draft: DelegationDraft,
  caller: Caller,
  now: number,
): Result<Planned, Failure> {
  const { types } = snapshot.bundle;
  const faults = draftFaults(draft, (type) => types.has(type), now);
  if (faults.length > 0)
    return err(failure('unprocessable', sentence('the delegation cannot be made', faults), faults));

  const parent = draft.parent === undefined ? undefined : snapshot.delegations.get(draft.parent);
  if (draft.parent !== undefined && (parent === undefined || !knows(caller, parent, snapshot, now))) {
    return err(
      failure('unprocessable', `there is no delegation ${draft.parent} to hand on`, [
        { field: 'parent', message: 'unknown' },
      ]),
    );
  }
  const delegator = parent?.delegation.to ?? draft.from ?? '';
  const basis = delegationBasis(caller, delegator);
  if (basis === undefined) {
    return err(
      failure(
        'forbidden',
        `the caller ${caller.id} may not delegate for ${delegator}: it is neither that principal nor an administrator`,
      ),
    );
  }
  if (parent === undefined && isSet(delegator) && basis !== 'organisation') {
    return err(failure('forbidden', `only an administrator makes a template, and ${delegator} is a set`));
  }
  const state = parent === undefined ? undefined : deadReason(parent, now);
  if (state !== undefined) return err(failure('unprocessable', state, [{ field: 'parent', message: state }]));

  const derived = parent === undefined ? deriveRoot({ ...draft, from: delegator }, now) : deriveChild(draft, parent);
  if (!derived.ok) return err(exceeding(derived.error, draft.parent));
  const { value } = derived;
  for (const principal of [value.from, value.to, value.origin]) {
    if (principal !== undefined && snapshot.entity(principal)?.deleted === true) {
      return err(failure('unprocessable', `${principal} was deleted: its id is barred for ever`));
    }
  }
  const unknownSet = setFault(snapshot, value.from);
  if (unknownSet !== undefined) {
    return err(failure('unprocessable', unknownSet, [{ field: 'from', message: unknownSet }]));
  }
  if (liveTwins(snapshot, value, now) >= LIMITS.delegationsPerPair) {
    return err(
      failure(
        'limit_exceeded',
        `there are ${LIMITS.delegationsPerPair} live delegations from ${value.from} to ${value.to} already (limit delegationsPerPair): revoke one first`,
      ),
    );
  }
  return ok({ ...value, basis });
}

/** The holder may hand on what it cannot read otherwise; everybody else must not learn that it exists. */
function knows(caller: Caller, parent: DelegationNode, snapshot: Snapshot, now: number): boolean {
  return mayRead(caller, parent, snapshot, now) || delegationBasis(caller, parent.delegation.to) !== undefined;
}

function deadReason(parent: DelegationNode, now: number): string | undefined {
  const { id } = parent.delegation;
  if (parent.revoked !== undefined) {
    return parent.revoked.delegation === id
      ? `the parent ${id} was revoked at ${time(parent.revoked.at)}`
      : `the parent ${id} is dead: ${parent.revoked.delegation} above it was revoked at ${time(parent.revoked.at)}`;
  }
  if (now >= parent.expiresAt) return `the parent ${id} expired at ${time(parent.expiresAt)}`;
  if (parent.origin !== undefined && !isAlive(parent, parent.origin, Math.max(now, parent.notBefore))) {
    return `the parent ${id} was withdrawn by ${parent.origin}`;
  }
  return undefined;
}

/** A set that the model cannot have members of would be a template for nobody. */
function setFault(snapshot: Snapshot, from: string): string | undefined {
  const hash = from.indexOf('#');
  if (hash < 0) return undefined;
  const type = from.slice(0, from.indexOf(':'));
  const relation = from.slice(hash + 1);
  const relations = snapshot.bundle.model?.types.get(type)?.relations;
  if (relations?.has(relation) === true) return undefined;
  const known = [...(relations?.keys() ?? [])].join(', ');
  return `the model gives the type ${type} no relation ${relation}${known === '' ? '' : `: it has ${known}`}`;
}

function liveTwins(snapshot: Snapshot, made: { from: string; to: string; origin?: string }, now: number): number {
  let count = 0;
  for (const { delegation, revoked, expiresAt } of snapshot.delegations.from(made.from)) {
    const isTwin = delegation.to === made.to && delegation.origin === made.origin;
    if (isTwin && revoked === undefined && now < expiresAt) count++;
  }
  return count;
}

function exceeding(excess: readonly Excess[], parent: string | undefined): Failure {
  const errors = excess.map(({ field, asked, allowed }) => ({
    field,
    message: `${field}: ${asked} exceeds ${allowed}`,
    asked,
    allowed,
  }));
  const what =
    parent === undefined ? 'the delegation contradicts itself' : `the delegation is wider than its parent ${parent}`;
  return failure(parent === undefined ? 'unprocessable' : 'exceeds_parent', sentence(what, errors), errors);
}

function sentence(what: string, errors: readonly { readonly field: string; readonly message: string }[]): string {
  const details = errors.map(({ field, message }) => (message.startsWith(field) ? message : `${field}: ${message}`));
  return `${what}: ${details.join('; ')}`;
}
