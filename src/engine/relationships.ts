import type { Caller } from '../callers/caller.ts';
import { type Change, relationshipKey } from '../core/change.ts';
import { Budget, LIMITS } from '../core/limits.ts';
import type { Membership, Relationship } from '../core/relationships/membership.ts';
import { membership } from '../core/relationships/membership-check.ts';
import { overlay } from '../core/relationships/tuple-overlay.ts';
import { type TupleFault, validateKey, validateTuple } from '../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';

export interface RelationshipWrite {
  readonly writes: readonly Relationship[];
  readonly deletes: readonly Pick<Relationship, 'user' | 'relation' | 'object'>[];
  /** What to do about a write that is stored already, and about a delete of what is not. */
  readonly onDuplicate: 'error' | 'ignore';
  readonly onMissing: 'error' | 'ignore';
}

/** A tuple that cannot be written, by the kind of its fault, so that the OpenFGA door finds its error code. */
export interface RelationshipFailure extends Failure {
  readonly tuple?: TupleFault['kind'] | 'duplicate' | 'exists' | 'missing';
}

/** Writes and deletes relationships, all or nothing (OpenFGA's Write). Answers the revision's token. */
export function writeRelationships(
  ledger: Ledger,
  request: RelationshipWrite,
  caller: Caller,
): Result<{ readonly revision: string }, RelationshipFailure> {
  const permitted = requireRole(caller, 'author');
  if (!permitted.ok) return permitted;
  return ledger.write(caller, ({ revision, snapshot }) => {
    const changes = planChanges(snapshot, request);
    if (!changes.ok) return changes;
    const token = ledger.token(changes.value.length === 0 ? undefined : revision);
    return ok({ act: 'write_relationships', changes: changes.value, answer: { revision: token } });
  });
}

function planChanges(snapshot: Snapshot, request: RelationshipWrite): Result<readonly Change[], RelationshipFailure> {
  const { writes, deletes } = request;
  const { model } = snapshot.bundle;
  if (model === undefined) return err(failure('unprocessable', 'there is no model: relationships need one'));
  if (writes.length + deletes.length === 0) return err(failure('invalid', 'nothing to write and nothing to delete'));
  if (writes.length + deletes.length > LIMITS.tuplesPerWrite) {
    return err(
      failure('limit_exceeded', `more than ${LIMITS.tuplesPerWrite} tuples in one write (limit tuplesPerWrite)`),
    );
  }
  const changes = new Map<string, Change>();
  const refuse = (kind: RelationshipFailure['tuple'], message: string) =>
    err<RelationshipFailure>({
      ...failure('unprocessable', message),
      ...(kind === undefined ? undefined : { tuple: kind }),
    });

  for (const tuple of deletes) {
    const key = relationshipKey(tuple);
    if (changes.has(key)) return refuse('duplicate', `${key} is in the request twice`);
    const stored = snapshot.tuples.find(tuple.user, tuple.relation, tuple.object);
    if (stored !== undefined) changes.set(key, { kind: 'relationship', key, value: null });
    else if (request.onMissing === 'error') return refuse('missing', `${key} is not stored, so it cannot be deleted`);
  }
  for (const tuple of writes) {
    const key = relationshipKey(tuple);
    if (changes.has(key)) return refuse('duplicate', `${key} is in the request twice`);
    const fault = validateTuple(tuple, model);
    if (fault !== undefined) return refuse(fault.kind, fault.message);
    const barred = [tuple.object, tuple.user.split('#')[0] ?? ''].find((entity) => snapshot.entity(entity)?.deleted);
    if (barred !== undefined) return refuse(undefined, `${barred} was deleted: its id is barred for ever`);
    const stored = snapshot.tuples.find(tuple.user, tuple.relation, tuple.object);
    if (stored === undefined) changes.set(key, { kind: 'relationship', key, value: tuple });
    else if (request.onDuplicate === 'error' || !sameCondition(stored, tuple)) {
      return refuse('exists', `${key} is stored already`);
    }
  }
  return ok([...changes.values()]);
}

function sameCondition(a: Relationship, b: Relationship): boolean {
  return JSON.stringify(a.condition ?? null) === JSON.stringify(b.condition ?? null);
}

export interface RelationshipQuery {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
  readonly contextual: readonly Relationship[];
  readonly context: { readonly [name: string]: unknown };
}

/**
 * The relationship layer's own answer, for authoring. Not a decision: no policy, delegation or suspension is looked
 * at, and nothing is recorded (design, section 6).
 */
export function checkRelationship(
  ledger: Ledger,
  query: RelationshipQuery,
  caller: Caller,
): Result<Membership, RelationshipFailure> {
  const permitted = requireRole(caller, 'author');
  if (!permitted.ok) return permitted;
  const { snapshot } = ledger;
  const { model } = snapshot.bundle;
  if (model === undefined) return err(failure('unprocessable', 'there is no model: relationships need one'));
  const wrong = validateKey(query, model);
  if (wrong !== undefined) return err({ ...failure('unprocessable', wrong.message), tuple: wrong.kind });
  for (const tuple of query.contextual) {
    const fault = validateTuple(tuple, model);
    if (fault !== undefined) return err({ ...failure('unprocessable', fault.message), tuple: fault.kind });
  }
  const { user: subject, relation, object, context } = query;
  const tuples = query.contextual.length === 0 ? snapshot.tuples : overlay(snapshot.tuples, query.contextual);
  return ok(
    membership({ subject, relation, object, context }, model, tuples, { now: ledger.now(), budget: new Budget() }),
  );
}

/** Since when relationships are kept here, and the last change of anything, in milliseconds since 1970. */
export function relationshipTimes(ledger: Ledger): { readonly since: number; readonly changed: number } {
  const { store } = ledger;
  const first = store.changes(0, 1)[0];
  return first === undefined
    ? { since: ledger.now(), changed: ledger.now() }
    : { since: first.at, changed: store.latestTime };
}

export interface RelationshipFilter {
  readonly user?: string;
  readonly relation?: string;
  readonly object?: string;
}

/** Stored relationships that match, in the order of their keys (OpenFGA's Read). */
export function readRelationships(
  ledger: Ledger,
  filter: RelationshipFilter,
  page: { readonly after?: string; readonly limit: number },
  caller: Caller,
): Result<{ readonly relationships: readonly Relationship[]; readonly next?: string }, RelationshipFailure> {
  const permitted = requireRole(caller, 'author', 'audit');
  if (!permitted.ok) return permitted;
  const found: { key: string; relationship: Relationship }[] = [];
  for (const relationship of ledger.snapshot.tuples.all()) {
    const key = relationshipKey(relationship);
    if (page.after !== undefined && key <= page.after) continue;
    if (matches(relationship, filter)) found.push({ key, relationship });
  }
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = found.slice(0, page.limit);
  const last = shown.at(-1);
  return ok({
    relationships: shown.map(({ relationship }) => relationship),
    ...(found.length > shown.length && last !== undefined ? { next: last.key } : undefined),
  });
}

/** An object that ends on `:` stands for every object of its type, as in OpenFGA. */
function matches(relationship: Relationship, filter: RelationshipFilter): boolean {
  if (filter.user !== undefined && filter.user !== relationship.user) return false;
  if (filter.relation !== undefined && filter.relation !== relationship.relation) return false;
  if (filter.object === undefined) return true;
  return filter.object.endsWith(':')
    ? relationship.object.startsWith(filter.object)
    : filter.object === relationship.object;
}
