import { typeOf } from '../entity.ts';
import type { Model } from '../model/model.ts';
import type { Membership } from './membership.ts';
import { MembershipWalk } from './membership-walk.ts';
import { toMembership } from './outcome.ts';
import { type MembershipHost, type MembershipQuery, toSubject } from './query.ts';
import type { TupleReader } from './tuples.ts';

/**
 * Whether a subject has a relation to an object, as the model defines it and the relationships say now (OpenFGA,
 * schema 1.1). Spends from the host's budget. Depends on the set of relationships only, not on their order.
 *
 * @returns Yes with its proof, no, or unknown: a limit was reached, a condition is in error, or the model has no such
 * relation. Unknown never stands for yes.
 */
export function membership(
  query: MembershipQuery,
  model: Model,
  tuples: TupleReader,
  host: MembershipHost,
): Membership {
  const { object, relation } = query;
  const type = typeOf(object);
  if (model.types.get(type)?.relations.get(relation) === undefined) {
    return { kind: 'unknown', because: { kind: 'error', message: `the model has no relation ${type}#${relation}` } };
  }
  const walk = new MembershipWalk(toSubject(query.subject), model, tuples, query.context, host.budget);
  return toMembership(walk.enter(object, type, relation));
}
