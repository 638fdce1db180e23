import type { PlannedRelation, PlannedRewrite } from './model-plan.ts';
import type { No, Outcome, Unknown } from './outcome.ts';
import type { SubjectNumbers } from './subject-numbers.ts';
import type { TupleGraph } from './tuple-graph.ts';

/** The question at hand: has the subject `relation` to `object`? By the numbers of the graph. */
export interface Node {
  readonly object: number;
  /** The stored relationships of just this object and relation; -1 where there are none. */
  readonly row: number;
  readonly relation: PlannedRelation;
}

/** What the rewrites use of the walk that they are steps of. */
export interface Walk {
  readonly subject: SubjectNumbers;
  readonly graph: TupleGraph;
  /** Asks the next question, about an object. */
  ask(object: number, relation: PlannedRelation): Outcome;
  /** Asks the next question, about the row that a userset stands for. */
  askRow(row: number): Outcome;
  /** One rewrite of the question at hand. */
  evaluate(rewrite: PlannedRewrite, node: Node): Outcome;
  /** The same inside a negation: what is still open there is unknown, not no. */
  evaluateNegated(rewrite: PlannedRewrite, node: Node): Outcome;
  /** Whether a stored relationship counts: allowed by the model as it is now, its condition true. */
  admit(row: number, user: number, relation: PlannedRelation): Admission;
  /** The limit that is used up, if one is; taken before each stored relationship that is followed. */
  spend(): Unknown | undefined;
  /** An object as it is written. */
  text(object: number): string;
}

export type Admission = { readonly kind: 'yes' } | No | Unknown;
