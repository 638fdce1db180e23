import type { Caller } from '../../callers/caller.ts';
import { typeOf } from '../../core/entity.ts';
import { Budget } from '../../core/limits.ts';
import type { Model } from '../../core/model/model.ts';
import { listObjectsInSteps } from '../../core/relationships/list-objects.ts';
import { listUsersInSteps } from '../../core/relationships/list-users.ts';
import type { UnknownCause } from '../../core/relationships/membership.ts';
import type { Steps } from '../../core/relationships/steps.ts';
import { validateKey, validateUserOf } from '../../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { inSlices, type Sliced } from '../slices.ts';
import { type RelationshipFailure, refused, tupleFailure } from './relationship-failure.ts';
import { failureOf, type Given, groundFor } from './relationship-questions.ts';

export interface ObjectsQuestion extends Given {
  readonly user: string;
  readonly relation: string;
  readonly type: string;
}

export interface UsersQuestion extends Given {
  readonly object: string;
  readonly relation: string;
  readonly filter: { readonly type: string; readonly relation?: string };
}

type Listed = Promise<Result<Sliced<readonly string[]>, RelationshipFailure>>;

/** The objects of a type to which the user has the relation: those for which a check says yes (OpenFGA, ListObjects). */
export async function listRelatedObjects(
  ledger: Ledger,
  question: ObjectsQuestion,
  caller: Caller,
  signal?: AbortSignal,
): Listed {
  const budget = new Budget();
  const begin = (snapshot: Snapshot): Result<Steps<Part>, RelationshipFailure> => {
    const ground = groundFor(ledger, snapshot, question);
    if (!ground.ok) return ground;
    const { model, tuples } = ground.value;
    const { user: subject, relation, type, context } = question;
    const unknown = unknownRelation(model, type, relation);
    if (unknown !== undefined) return err(unknown);
    const fault = validateUserOf(subject, model);
    if (fault !== undefined) return err(tupleFailure(fault));
    const host = { now: ledger.now(), budget };
    return ok(part(listObjectsInSteps({ subject, relation, type, context }, model, tuples, host), 'objects'));
  };
  return list(ledger, begin, budget, caller, signal);
}

/** The users that have the relation to the object, `type:*` for everybody else of a type (OpenFGA, ListUsers). */
export async function listRelatedUsers(
  ledger: Ledger,
  question: UsersQuestion,
  caller: Caller,
  signal?: AbortSignal,
): Listed {
  const budget = new Budget();
  const begin = (snapshot: Snapshot): Result<Steps<Part>, RelationshipFailure> => {
    const ground = groundFor(ledger, snapshot, question);
    if (!ground.ok) return ground;
    const { model, tuples } = ground.value;
    const { object, relation, filter, context } = question;
    const type = typeOf(object);
    const unknown = unknownRelation(model, filter.type, filter.relation) ?? unknownRelation(model, type, relation);
    if (unknown !== undefined) return err(unknown);
    const fault = validateKey({ user: `${type}:any`, relation, object }, model);
    if (fault !== undefined) return err(tupleFailure(fault));
    const host = { now: ledger.now(), budget };
    return ok(part(listUsersInSteps({ object, relation, filter, context }, model, tuples, host), 'users'));
  };
  return list(ledger, begin, budget, caller, signal);
}

interface Part {
  readonly names: readonly string[];
  readonly unknown?: UnknownCause;
}

function* part<K extends 'objects' | 'users'>(
  steps: Steps<{ readonly [P in K]: readonly string[] } & { readonly unknown?: UnknownCause }>,
  of: K,
): Steps<Part> {
  const found = yield* steps;
  return { names: found[of], ...(found.unknown === undefined ? undefined : { unknown: found.unknown }) };
}

async function list(
  ledger: Ledger,
  begin: (snapshot: Snapshot) => Result<Steps<Part>, RelationshipFailure>,
  budget: Budget,
  caller: Caller,
  signal: AbortSignal | undefined,
): Listed {
  const permitted = requireRole(caller, 'author');
  if (!permitted.ok) return permitted;
  const listed = await inSlices(ledger, begin, { budget, ...(signal === undefined ? undefined : { signal }) });
  if (!listed.ok) return listed;
  const { value, revision } = listed.value;
  const wrong = value.unknown === undefined ? undefined : failureOf(value.unknown);
  return wrong === undefined ? ok({ value: value.names, revision }) : err(wrong);
}

/** OpenFGA tells unknown types and relations of a list apart; of a check it calls both a validation error. */
function unknownRelation(model: Model, type: string, relation: string | undefined): RelationshipFailure | undefined {
  const relations = model.types.get(type)?.relations;
  if (relations === undefined) return refused('type_not_found', `the model has no type "${type.slice(0, 64)}"`);
  if (relation === undefined || relations.has(relation)) return undefined;
  return refused('relation_not_found', `type "${type}" has no relation "${relation.slice(0, 64)}"`);
}
