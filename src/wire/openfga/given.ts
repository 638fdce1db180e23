import { type Static, Type } from 'typebox';
import { ok, type Result } from '../../core/result.ts';
import type { RelationshipFailure } from '../../engine/relationships/relationship-failure.ts';
import type { Given } from '../../engine/relationships/relationship-questions.ts';
import { document, JSON_OBJECT } from '../question.ts';
import { TUPLE, toRelationships } from './tuple.ts';

export const PARAMS = Type.Object({ store: Type.String() });

export const MODEL_ID = Type.Optional(
  Type.String({ description: 'An earlier model is asked by its id; without one it is the model in force' }),
);

/** Accepted, because clients send it; every answer here is of the latest revision (OpenFGA, "Consistency modes"). */
export const CONSISTENCY = Type.Optional(Type.Enum(['UNSPECIFIED', 'MINIMIZE_LATENCY', 'HIGHER_CONSISTENCY']));

export const CONTEXTUAL = Type.Optional(Type.Object({ tuple_keys: Type.Optional(Type.Array(TUPLE)) }));

/** The members of a body that every question may have. */
export const GIVEN = {
  contextual_tuples: CONTEXTUAL,
  context: Type.Optional(JSON_OBJECT),
  authorization_model_id: MODEL_ID,
  consistency: CONSISTENCY,
};

export interface GivenBody {
  readonly tuples: readonly Static<typeof TUPLE>[] | undefined;
  readonly context: Static<typeof JSON_OBJECT> | undefined;
  readonly modelId: string | undefined;
}

/** What a question brings along, admitted to evaluations. */
export function toGiven({ tuples = [], context = {}, modelId }: GivenBody): Result<Given, RelationshipFailure> {
  const contextual = toRelationships(tuples);
  if (!contextual.ok) return contextual;
  const admitted = document('context', context);
  if (!admitted.ok) return admitted;
  return ok({ contextual: contextual.value, context, ...(modelId === undefined ? undefined : { modelId }) });
}
