import { isDeepStrictEqual } from 'node:util';
import type { Caller } from '../../callers/caller.ts';
import { type Change, relationshipKey } from '../../core/change.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Model } from '../../core/model/model.ts';
import type { Relationship } from '../../core/relationships/membership.ts';
import { validateForm, validateTuple } from '../../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { modelFor } from './published-models.ts';
import { type RelationshipFailure, refused, tupleFailure } from './relationship-failure.ts';

export interface RelationshipWrite {
  readonly writes: readonly Relationship[];
  readonly deletes: readonly Pick<Relationship, 'user' | 'relation' | 'object'>[];
  /** What to do about a write that is stored already, and about a delete of what is not. */
  readonly onDuplicate: 'error' | 'ignore';
  readonly onMissing: 'error' | 'ignore';
  /** An earlier model's id: what is written must then be right under that model and under the one in force. */
  readonly modelId?: string;
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
    const changes = planChanges(ledger, snapshot, request);
    if (!changes.ok) return changes;
    const token = ledger.token(changes.value.length === 0 ? undefined : revision);
    return ok({ act: 'write_relationships', changes: changes.value, answer: { revision: token } });
  });
}

function planChanges(
  ledger: Ledger,
  snapshot: Snapshot,
  request: RelationshipWrite,
): Result<readonly Change[], RelationshipFailure> {
  const { writes, deletes } = request;
  if (writes.length + deletes.length === 0) {
    return err(refused('nothing_to_write', 'nothing to write and nothing to delete'));
  }
  const wrong = validateWrite(ledger, snapshot, request);
  if (wrong !== undefined) return err(wrong);
  const changes = new Map<string, Change>();
  for (const tuple of deletes) {
    const key = relationshipKey(tuple);
    const stored = snapshot.tuples.find(tuple.user, tuple.relation, tuple.object);
    if (stored !== undefined) changes.set(key, { kind: 'relationship', key, value: null });
    else if (request.onMissing === 'error') {
      return err(refused('exists', `${key} is not stored, so it cannot be deleted`));
    }
  }
  for (const tuple of writes) {
    const key = relationshipKey(tuple);
    const barred = [tuple.object, tuple.user.split('#')[0] ?? ''].find((entity) => snapshot.entity(entity)?.deleted);
    if (barred !== undefined) return err(failure('unprocessable', `${barred} was deleted: its id is barred for ever`));
    const stored = snapshot.tuples.find(tuple.user, tuple.relation, tuple.object);
    if (stored === undefined) changes.set(key, { kind: 'relationship', key, value: tuple });
    else if (request.onDuplicate === 'error') return err(refused('exists', `${key} is stored already`));
    else if (!sameCondition(stored, tuple)) {
      return err(refused('exists', `${key} is stored already, with another condition`));
    }
  }
  return ok([...changes.values()]);
}

/** What is wrong with a write whatever is stored: tuples first, then repetitions, then how many (OpenFGA's order). */
function validateWrite(
  ledger: Ledger,
  snapshot: Snapshot,
  { writes, deletes, modelId }: RelationshipWrite,
): RelationshipFailure | undefined {
  const models: Model[] = [];
  for (const id of writes.length === 0 ? [] : [modelId, '']) {
    const model = modelFor(ledger, snapshot, id);
    if (!model.ok) return model.error;
    models.push(model.value);
  }
  for (const tuple of writes) {
    for (const model of new Set(models)) {
      const fault = validateTuple(tuple, model);
      if (fault !== undefined) return tupleFailure(fault);
    }
  }
  for (const tuple of deletes) {
    const fault = validateForm(tuple);
    if (fault !== undefined) return tupleFailure(fault);
  }
  const keys = [...deletes, ...writes].map(relationshipKey);
  const seen = new Set<string>();
  const twice = keys.find((key) => seen.size === seen.add(key).size);
  if (twice !== undefined) return refused('duplicate', `${twice} is in the request twice`);
  if (keys.length > LIMITS.tuplesPerWrite) {
    return refused('too_many', `more than ${LIMITS.tuplesPerWrite} tuples in one write (limit tuplesPerWrite)`);
  }
  return undefined;
}

function sameCondition(a: Relationship, b: Relationship): boolean {
  return isDeepStrictEqual(withContext(a), withContext(b));
}

/** A condition without a context is one with an empty one. */
function withContext({ condition }: Relationship) {
  return condition === undefined ? undefined : { name: condition.name, context: condition.context ?? {} };
}
