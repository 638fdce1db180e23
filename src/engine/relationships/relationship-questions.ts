import type { Caller } from '../../callers/caller.ts';
import { typeOf } from '../../core/entity.ts';
import { Budget, LIMITS } from '../../core/limits.ts';
import type { Model } from '../../core/model/model.ts';
import { expand, type UsersetTree } from '../../core/relationships/expand.ts';
import type { Membership, Relationship, UnknownCause } from '../../core/relationships/membership.ts';
import { membership } from '../../core/relationships/membership-check.ts';
import type { Steps } from '../../core/relationships/steps.ts';
import { overlay } from '../../core/relationships/tuple-overlay.ts';
import type { TupleReader } from '../../core/relationships/tuples.ts';
import { validateKey, validateTuple } from '../../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { inSlices } from '../slices.ts';
import { modelFor } from './published-models.ts';
import { type RelationshipFailure, refused, tupleFailure } from './relationship-failure.ts';

/** What every question about relationships may bring along. */
export interface Given {
  /** An earlier model's id; the model in force is meant where it is absent or empty. */
  readonly modelId?: string;
  readonly contextual: readonly Relationship[];
  readonly context: { readonly [name: string]: unknown };
}

export interface RelationshipQuery extends Given {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
}

/** What a question is asked of. */
export interface Ground {
  readonly model: Model;
  readonly tuples: TupleReader;
}

/**
 * The relationship layer's own answer, for authoring. Not a decision: no policy, delegation or suspension is looked
 * at, and nothing is recorded (design, section 6). A paradox is no, as in OpenFGA.
 */
export function checkRelationship(
  ledger: Ledger,
  query: RelationshipQuery,
  caller: Caller,
): Result<boolean, RelationshipFailure> {
  const permitted = requireRole(caller, 'author');
  return permitted.ok ? check(ledger, ledger.snapshot, query, new Budget()) : permitted;
}

/** Many checks at one revision, in turns; the answers in the order of the questions. */
export async function checkRelationships(
  ledger: Ledger,
  queries: readonly RelationshipQuery[],
  caller: Caller,
  signal?: AbortSignal,
): Promise<Result<readonly Result<boolean, RelationshipFailure>[], RelationshipFailure>> {
  const permitted = requireRole(caller, 'author');
  if (!permitted.ok) return permitted;
  const budget = new Budget();
  function* steps(snapshot: Snapshot): Steps<readonly Result<boolean, RelationshipFailure>[]> {
    const answers: Result<boolean, RelationshipFailure>[] = [];
    for (const query of queries) {
      answers.push(check(ledger, snapshot, query, budget));
      yield;
    }
    return answers;
  }
  const answered = await inSlices(ledger, (snapshot) => ok(steps(snapshot)), {
    budget,
    ...(signal === undefined ? undefined : { signal }),
  });
  return answered.ok ? ok(answered.value.value) : answered;
}

/** The definition of a relation with its relationships, one level deep (OpenFGA's Expand). */
export function expandRelationship(
  ledger: Ledger,
  query: Omit<RelationshipQuery, 'user' | 'context'>,
  caller: Caller,
): Result<UsersetTree, RelationshipFailure> {
  const permitted = requireRole(caller, 'author');
  if (!permitted.ok) return permitted;
  const ground = groundFor(ledger, ledger.snapshot, query);
  if (!ground.ok) return ground;
  const { model, tuples } = ground.value;
  const { object, relation } = query;
  // The user is whatever the model knows: a question about the object alone has none.
  const wrong = validateKey({ user: `${typeOf(object)}:any`, relation, object }, model);
  if (wrong !== undefined) return err(tupleFailure(wrong));
  const tree = expand(object, relation, model, tuples);
  return tree === undefined ? err(failure('invalid', `there is no ${object}#${relation}`)) : ok(tree);
}

/** The model and the relationships, with contextual ones on top, of which a question is asked. */
export function groundFor(
  ledger: Ledger,
  snapshot: Snapshot,
  { modelId, contextual }: Omit<Given, 'context'>,
): Result<Ground, RelationshipFailure> {
  const model = modelFor(ledger, snapshot, modelId);
  if (!model.ok) return model;
  if (contextual.length > LIMITS.contextualTuples) {
    const message = `more than ${LIMITS.contextualTuples} contextual tuples (limit contextualTuples)`;
    return err(failure('invalid', message));
  }
  for (const tuple of contextual) {
    const fault = validateTuple(tuple, model.value);
    // What holds anyway may be said: it adds nothing.
    if (fault === undefined || fault.kind === 'implicit') continue;
    return err(fault.kind === 'condition' ? tupleFailure(fault) : refused('invalid_tuple', fault.message));
  }
  const { tuples } = snapshot;
  return ok({ model: model.value, tuples: contextual.length === 0 ? tuples : overlay(tuples, contextual) });
}

/** Why an answer is none; undefined for a paradox, which is a no. */
export function failureOf(because: UnknownCause): RelationshipFailure | undefined {
  if (because.kind === 'limit') {
    return refused('too_complex', `the model needs more steps than the limit ${because.limit} allows`);
  }
  return because.paradox === true ? undefined : failure('invalid', because.message);
}

function check(
  ledger: Ledger,
  snapshot: Snapshot,
  query: RelationshipQuery,
  budget: Budget,
): Result<boolean, RelationshipFailure> {
  const model = modelFor(ledger, snapshot, query.modelId);
  if (!model.ok) return model;
  const wrong = validateKey(query, model.value);
  if (wrong !== undefined) return err(tupleFailure(wrong));
  const ground = groundFor(ledger, snapshot, query);
  if (!ground.ok) return ground;
  const { user: subject, relation, object, context } = query;
  const host = { now: ledger.now(), budget };
  return toAnswer(membership({ subject, relation, object, context }, model.value, ground.value.tuples, host));
}

function toAnswer(answer: Membership): Result<boolean, RelationshipFailure> {
  if (answer.kind !== 'unknown') return ok(answer.kind === 'yes');
  const wrong = failureOf(answer.because);
  return wrong === undefined ? ok(false) : err(wrong);
}
