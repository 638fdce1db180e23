import { type Static, Type } from 'typebox';
import { admitInput } from '../../core/cel/admit-input.ts';
import type { Relationship } from '../../core/relationships/membership.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { failure } from '../../engine/failure.ts';
import type { RelationshipFailure } from '../../engine/relationships/relationship-failure.ts';
import { JSON_OBJECT } from '../question.ts';

export const TUPLE_KEY = Type.Object({ user: Type.String(), relation: Type.String(), object: Type.String() });

/** A relationship as the OpenFGA API has it; unknown members are ignored, as there. */
export const TUPLE = Type.Object({
  ...TUPLE_KEY.properties,
  condition: Type.Optional(
    Type.Union([Type.Object({ name: Type.String(), context: Type.Optional(JSON_OBJECT) }), Type.Null()]),
  ),
});

function toRelationship({ user, relation, object, condition }: Static<typeof TUPLE>): Relationship {
  return {
    user,
    relation,
    object,
    ...(condition === undefined || condition === null ? undefined : { condition }),
  };
}

/** The relationships of a request, their stored contexts admitted to evaluations. */
export function toRelationships(
  tuples: readonly Static<typeof TUPLE>[],
): Result<readonly Relationship[], RelationshipFailure> {
  const relationships: Relationship[] = [];
  for (const tuple of tuples) {
    const context = tuple.condition?.context;
    const admitted = context === undefined ? ok(null) : admitInput(context);
    if (!admitted.ok) return err(failure('invalid', `the context of a condition: ${admitted.error}`));
    relationships.push(toRelationship(tuple));
  }
  return ok(relationships);
}

/** As OpenFGA's clients read it: a condition that is not there is null. */
export function toTuple({ user, relation, object, condition }: Relationship): object {
  return { user, relation, object, condition: condition ?? null };
}
