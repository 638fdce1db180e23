import type { EntityId } from '../entity.ts';
import type { Model, Relation, Rewrite } from '../model/model.ts';
import type { Relationship } from './membership.ts';
import type { No, Outcome, Unknown } from './outcome.ts';
import type { Subject } from './query.ts';
import type { TupleReader } from './tuples.ts';

/** The question at hand: has the subject `relation` to `object`? */
export interface Node {
  readonly object: EntityId;
  readonly type: string;
  readonly relation: Relation;
}

/** What the rewrites use of the walk that they are steps of. */
export interface Walk {
  readonly subject: Subject;
  readonly model: Model;
  readonly tuples: TupleReader;
  /** Asks the next question. */
  enter(object: EntityId, type: string, relation: string): Outcome;
  /** One rewrite of the question at hand. */
  evaluate(rewrite: Rewrite, node: Node): Outcome;
  /** The same inside a negation: what is still open there is unknown, not no. */
  evaluateNegated(rewrite: Rewrite, node: Node): Outcome;
  /** Whether a stored relationship counts: allowed by the model as it is now, its condition true. */
  admit(tuple: Relationship, relation: Relation): Admission;
  /** The limit that is used up, if one is; taken before each stored relationship that is followed. */
  spend(): Unknown | undefined;
}

export type Admission = { readonly kind: 'yes' } | No | Unknown;
