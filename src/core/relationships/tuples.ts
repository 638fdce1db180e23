import type { EntityId } from '../entity.ts';
import type { Relationship } from './membership.ts';
import type { TupleGraph } from './tuple-graph.ts';

/**
 * Reads stored relationships. Orders are by the text of what is returned, so that no decision or proof depends on
 * the order of writing (invariant 29).
 */
export interface TupleReader {
  /** The same relationships by number, for the walk. */
  readonly graph: TupleGraph;
  /** The exact relationship, if it is stored. */
  find(user: string, relation: string, object: EntityId): Relationship | undefined;
  /** All relationships of `object#relation`, by user. */
  of(object: EntityId, relation: string): readonly Relationship[];
  /** Those of `object#relation` whose user is a userset (`group:x#member`), by user. */
  usersets(object: EntityId, relation: string): readonly Relationship[];
  /** Everything that names this entity, as object, as user or in a userset: what goes when the entity is deleted. */
  involving(entity: EntityId): readonly Relationship[];
  /** Everything, in no particular order. */
  all(): Iterable<Relationship>;
  /** Entities of a type that are the object of some relationship. */
  objects(type: string): readonly EntityId[];
  /** Entities of a type that relationships name, as object, as user or in a userset; in no particular order. */
  named(type: string): Iterable<EntityId>;
  /** How many there are in all. */
  readonly size: number;
}
