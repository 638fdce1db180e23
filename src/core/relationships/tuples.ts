import type { Relationship } from './membership.ts';

/**
 * Reads stored relationships. Orders are by the text of what is returned, so that no decision or proof depends on
 * the order of writing (invariant 29).
 */
export interface TupleReader {
  /** The exact relationship, if it is stored. */
  find(user: string, relation: string, object: string): Relationship | undefined;
  /** All relationships of `object#relation`. */
  of(object: string, relation: string): readonly Relationship[];
  /** How many there are in all. */
  readonly size: number;
}
