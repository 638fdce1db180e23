import type { Kinds } from './kinds.ts';
import type { RelationshipCondition } from './membership.ts';

/**
 * Relationships as a graph of numbers, for the walk. Entities are numbered (`type:*` is one as well), and so are the
 * _rows_ `object#relation` that hold relationships or stand in one as a userset. A _user_ is the number of an entity,
 * or `~row` for the userset of a row.
 */
export interface TupleGraph {
  readonly kinds: Kinds;
  /** The number of an entity, or -1. */
  entity(text: string): number;
  text(entity: number): string;
  /** The number of an entity's type. */
  typeOf(entity: number): number;
  isWildcard(entity: number): boolean;
  /** The row of an object and a kind, or -1. */
  row(object: number, kind: number): number;
  objectOf(row: number): number;
  kindOf(row: number): number;
  /** Whether a row has a user. */
  has(row: number, user: number): boolean;
  /** The condition of a relationship that is there. */
  condition(row: number, user: number): RelationshipCondition | undefined;
  hasUsersets(row: number): boolean;
  /** The rows whose usersets a row has, by the users' text. */
  usersets(row: number): readonly number[];
  /** The entities that a row has, by their text. */
  members(row: number): readonly number[];
}

/** A user as it stands in relationships: `type:id`, `type:*` or `type:id#relation`. */
export function userText(graph: TupleGraph, user: number): string {
  return user >= 0 ? graph.text(user) : graph.text(graph.objectOf(~user)) + graph.kinds.suffix(graph.kindOf(~user));
}
