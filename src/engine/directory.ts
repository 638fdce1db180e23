import type { Caller } from '../callers/caller.ts';
import { admitInput } from '../core/cel/admit-input.ts';
import { type Change, relationshipKey, revocationKey } from '../core/change.ts';
import type { Attributes, EntityId } from '../core/entity.ts';
import { typeOf } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { EntityRecord, Snapshot } from '../core/snapshot.ts';
import { principalOf } from './callers.ts';
import { type Failure, failure } from './failure.ts';
import type { Idempotency, Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';
import { isPrincipal } from './principals.ts';

export interface Recorded {
  readonly record: EntityRecord;
  readonly revision: string;
}

export interface EntityContent {
  readonly roles: readonly string[];
  readonly attributes: Attributes;
}

/** Puts an entity's roles and attributes into the directory; whether it is suspended stays as it is. */
export function putEntity(
  ledger: Ledger,
  entity: EntityId,
  content: EntityContent,
  caller: Caller,
  idempotency?: Idempotency,
): Result<Recorded, Failure> {
  return writeContent(ledger, entity, () => content, caller, idempotency);
}

/**
 * Changes some of an entity's attributes, and its roles where they are given; what is not named stays, whoever else
 * writes at the same time. An attribute is set as a whole; null takes it away. What is not there yet is made.
 */
export function patchEntity(
  ledger: Ledger,
  entity: EntityId,
  changes: Partial<EntityContent>,
  caller: Caller,
  idempotency?: Idempotency,
): Result<Recorded, Failure> {
  const patched = ({ roles, attributes }: EntityContent): EntityContent => {
    const merged = Object.entries({ ...attributes, ...changes.attributes }).filter(([, value]) => value !== null);
    return { roles: changes.roles ?? roles, attributes: Object.fromEntries(merged) };
  };
  return writeContent(ledger, entity, patched, caller, idempotency);
}

function writeContent(
  ledger: Ledger,
  entity: EntityId,
  change: (known: EntityContent) => EntityContent,
  caller: Caller,
  idempotency?: Idempotency,
): Result<Recorded, Failure> {
  const permitted = requireRole(caller, 'author', 'administer');
  if (!permitted.ok) return permitted;
  return ledger.write<Recorded>(
    caller,
    ({ revision, snapshot }) => {
      const known = knownEntity(snapshot, entity);
      if (!known.ok) return known;
      const content = change(known.value ?? blank(entity));
      // A type's name as a role is Behalf's to give (design, section 4): stored, it would make a human an agent.
      const typeRole = content.roles.find((role) => snapshot.bundle.types.has(role));
      if (typeRole !== undefined) {
        return err(
          failure(
            'unprocessable',
            `"${typeRole}" is the name of a type, which every entity of it has as a role: it cannot be stored`,
          ),
        );
      }
      // What was admitted part by part may be too much as a whole.
      const admitted = admitInput(content.attributes);
      if (!admitted.ok) return err(failure('unprocessable', `attributes: ${admitted.error}`));
      const record: EntityRecord = {
        entity,
        roles: [...new Set(content.roles)].sort(),
        attributes: content.attributes,
        suspended: known.value?.suspended ?? false,
        deleted: false,
      };
      return ok(recorded(ledger, 'put_entity', record, revision));
    },
    idempotency,
  );
}

/** Suspending stops every path through the entity at once; resuming restores every decision (invariant 31). */
export function setSuspended(
  ledger: Ledger,
  entity: EntityId,
  suspended: boolean,
  caller: Caller,
): Result<Recorded, Failure> {
  const permitted = requireRole(caller, 'administer');
  if (!permitted.ok) return permitted;
  return ledger.write<Recorded>(caller, ({ revision, snapshot }) => {
    const known = knownEntity(snapshot, entity);
    if (!known.ok) return known;
    if (suspended && !isPrincipal(entity, snapshot)) {
      return err(
        failure(
          'unprocessable',
          `${entity} is no principal, so nothing goes through it and suspending it would stop nothing: suspend people or agents, or revoke the delegations that are from a set`,
        ),
      );
    }
    const record: EntityRecord = { ...(known.value ?? blank(entity)), suspended };
    if (known.value?.suspended === suspended) {
      return ok({ act: 'none', changes: [], answer: { record, revision: ledger.token() } });
    }
    return ok(recorded(ledger, suspended ? 'suspend' : 'resume', record, revision));
  });
}

/**
 * Deletes an entity, for ever: its delegations and the keys of its callers are revoked and its relationships removed in the
 * same revision, and its id is barred.
 */
export function deleteEntity(ledger: Ledger, entity: EntityId, caller: Caller): Result<Recorded, Failure> {
  const permitted = requireRole(caller, 'administer');
  if (!permitted.ok) return permitted;
  return ledger.write<Recorded>(caller, ({ now, revision, snapshot }) => {
    const known = snapshot.entity(entity);
    if (known?.deleted === true) {
      return ok({ act: 'none', changes: [], answer: { record: known, revision: ledger.token() } });
    }
    const type = knownEntity(snapshot, entity);
    if (!type.ok) return type;
    const record: EntityRecord = { ...blank(entity), deleted: true };
    const planned = recorded(ledger, 'delete_entity', record, revision);
    return ok({
      ...planned,
      changes: [...planned.changes, ...removals(snapshot, entity, now, caller, revision), ...callersOf(ledger, entity)],
    });
  });
}

/** Its keys die with it. */
function callersOf(ledger: Ledger, principal: EntityId): readonly Change[] {
  const own = [...ledger.callers()].filter((row) => principalOf(row) === principal);
  return own.map(({ id }) => ({ kind: 'caller', key: id, value: null }));
}

function removals(
  snapshot: Snapshot,
  entity: EntityId,
  now: number,
  caller: Caller,
  revision: number,
): readonly Change[] {
  const changes: Change[] = [];
  for (const relationship of snapshot.tuples.involving(entity)) {
    changes.push({ kind: 'relationship', key: relationshipKey(relationship), value: null });
  }
  const delegations = new Set([...snapshot.delegations.to(entity), ...snapshot.delegations.from(entity)]);
  for (const { delegation, revoked } of delegations) {
    if (revoked !== undefined) continue;
    changes.push({
      kind: 'revocation',
      key: revocationKey(delegation.id),
      value: { delegation: delegation.id, at: now, by: caller.id, reason: `${entity} was deleted`, revision },
    });
  }
  return changes;
}

export function getEntity(ledger: Ledger, entity: EntityId, caller: Caller): Result<Recorded, Failure> {
  const permitted = requireRole(caller, 'author', 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const record = ledger.snapshot.entity(entity);
  if (record === undefined) return err(failure('not_found', `the directory holds nothing of ${entity}`));
  return ok({ record, revision: ledger.token() });
}

/** What the directory holds of an entity that may be written, or why it may not. */
function knownEntity(snapshot: Snapshot, entity: EntityId): Result<EntityRecord | undefined, Failure> {
  if (!snapshot.bundle.types.has(typeOf(entity))) {
    const types = [...snapshot.bundle.types].sort().join(', ');
    return err(
      failure('unprocessable', `the type of ${entity} is in neither the model nor a policy; known types: ${types}`),
    );
  }
  const record = snapshot.entity(entity);
  if (record?.deleted === true) return err(failure('conflict', `${entity} was deleted: its id is barred for ever`));
  return ok(record);
}

function recorded(ledger: Ledger, act: string, record: EntityRecord, revision: number) {
  return {
    act,
    changes: [{ kind: 'entity' as const, key: record.entity, value: record }] as readonly Change[],
    answer: { record, revision: ledger.token(revision) },
  };
}

function blank(entity: EntityId): EntityRecord {
  return { entity, roles: [], attributes: {}, suspended: false, deleted: false };
}
