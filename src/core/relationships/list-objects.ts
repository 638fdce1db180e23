import { type EntityId, typeOf } from '../entity.ts';
import type { Model } from '../model/model.ts';
import type { UnknownCause } from './membership.ts';
import { MembershipWalk } from './membership-walk.ts';
import { graver } from './outcome.ts';
import { type MembershipHost, type MembershipQuery, toSubject } from './query.ts';
import { finish, type Steps } from './steps.ts';
import { compareText } from './tuple-order.ts';
import type { TupleReader } from './tuples.ts';

export interface ObjectsQuery extends Omit<MembershipQuery, 'object'> {
  readonly type: string;
}

export interface ObjectList {
  /** In the order of their text. */
  readonly objects: readonly EntityId[];
  /** Why it could not be told for some object, which is then missing: the list is not a whole one. */
  readonly unknown?: UnknownCause;
}

/**
 * The objects of a type to which the subject has the relation: just those for which `membership` says yes (OpenFGA
 * API, ListObjects). Only objects that some relationship names can be among them, and the subject's own.
 */
export function listObjects(query: ObjectsQuery, model: Model, tuples: TupleReader, host: MembershipHost): ObjectList {
  return finish(listObjectsInSteps(query, model, tuples, host));
}

/** The same, one object a step. */
export function* listObjectsInSteps(
  query: ObjectsQuery,
  model: Model,
  tuples: TupleReader,
  host: MembershipHost,
): Steps<ObjectList> {
  const { type, relation, context } = query;
  const subject = toSubject(query.subject);
  const walk = new MembershipWalk(subject, model, tuples, context, host.budget);
  const objects: EntityId[] = [];
  let unknown: UnknownCause | undefined;
  for (const object of candidates(type, subject.object, tuples)) {
    const outcome = walk.enter(object, type, relation);
    if (outcome.kind === 'yes') objects.push(object);
    if (outcome.kind === 'unknown') unknown = graver(unknown, outcome.because);
    yield;
  }
  objects.sort(compareText);
  return unknown === undefined ? { objects } : { objects, unknown };
}

/** One by one and in no order, so that nothing has to be done for all of them at a stretch. */
function* candidates(type: string, own: EntityId | undefined, tuples: TupleReader): Iterable<EntityId> {
  let isNamed = own === undefined || typeOf(own) !== type;
  for (const object of tuples.named(type)) {
    isNamed ||= object === own;
    yield object;
  }
  if (!isNamed && own !== undefined) yield own;
}
