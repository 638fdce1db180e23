import type { Relationship } from './membership.ts';

/** The order of texts by UTF-16 code units: the same on every machine, whatever its locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** By object, relation, user. */
export function compareTuples(left: Relationship, right: Relationship): number {
  return (
    compareText(left.object, right.object) ||
    compareText(left.relation, right.relation) ||
    compareText(left.user, right.user)
  );
}
