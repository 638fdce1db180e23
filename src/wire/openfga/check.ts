import { Type } from 'typebox';
import { LIMITS } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { failure } from '../../engine/failure.ts';
import type { RelationshipFailure } from '../../engine/relationships/relationship-failure.ts';
import {
  checkRelationship,
  checkRelationships,
  type RelationshipQuery,
} from '../../engine/relationships/relationship-questions.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { codeOf, ERRORS, sendFailure } from './error.ts';
import { CONSISTENCY, CONTEXTUAL, GIVEN, MODEL_ID, PARAMS, toGiven } from './given.ts';
import { abortWhenGone, sayLayer } from './layer.ts';
import { TUPLE_KEY } from './tuple.ts';

/** `POST /stores/{store}/check`: the relationship layer's own answer, for authoring. */
export function check(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/check',
    {
      schema: {
        operationId: 'checkRelationship',
        tags: ['openfga'],
        summary: 'Is there this relationship? Not a decision',
        params: PARAMS,
        body: Type.Object({ tuple_key: TUPLE_KEY, ...GIVEN }),
        response: { 200: Type.Object({ allowed: Type.Boolean(), resolution: Type.String() }), ...ERRORS },
      },
    },
    (request, reply) => {
      const { tuple_key: key, contextual_tuples: more, context, authorization_model_id: modelId } = request.body;
      const given = toGiven({ tuples: more?.tuple_keys, context, modelId });
      if (!given.ok) return sendFailure(reply, given.error);
      const answer = checkRelationship(ledger, { ...key, ...given.value }, callerOf(request));
      if (!answer.ok) return sendFailure(reply, answer.error);
      return sayLayer(reply).send({ allowed: answer.value, resolution: '' });
    },
  );
}

/** OpenFGA's form of a correlation id. */
const CORRELATION_ID = /^[\w-]{1,36}$/;

const ANSWER = Type.Union([
  Type.Object({ allowed: Type.Boolean() }),
  Type.Object({
    error: Type.Object({
      input_error: Type.Optional(Type.String()),
      internal_error: Type.Optional(Type.String()),
      message: Type.String(),
    }),
  }),
]);

/** `POST /stores/{store}/batch-check`: many checks of one revision; each has its answer or its error. */
export function batchCheck(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/batch-check',
    {
      schema: {
        operationId: 'checkRelationships',
        tags: ['openfga'],
        summary: 'Many checks at once. Not decisions',
        params: PARAMS,
        body: Type.Object({
          checks: Type.Array(
            Type.Object({
              tuple_key: TUPLE_KEY,
              contextual_tuples: CONTEXTUAL,
              context: GIVEN.context,
              correlation_id: Type.String(),
            }),
          ),
          authorization_model_id: MODEL_ID,
          consistency: CONSISTENCY,
        }),
        response: { 200: Type.Object({ result: Type.Record(Type.String(), ANSWER) }), ...ERRORS },
      },
    },
    async (request, reply) => {
      const { checks, authorization_model_id: modelId } = request.body;
      const ids = correlationIds(checks.map((one) => one.correlation_id));
      if (!ids.ok) return sendFailure(reply, ids.error);
      const queries: RelationshipQuery[] = [];
      for (const { tuple_key: key, contextual_tuples: more, context } of checks) {
        const given = toGiven({ tuples: more?.tuple_keys, context, modelId });
        if (!given.ok) return sendFailure(reply, given.error);
        queries.push({ ...key, ...given.value });
      }
      const answers = await checkRelationships(ledger, queries, callerOf(request), abortWhenGone(reply));
      if (!answers.ok) return sendFailure(reply, answers.error);
      const result = answers.value.map((answer, index) => [ids.value[index] ?? '', toJson(answer)] as const);
      return sayLayer(reply).send({ result: Object.fromEntries(result) });
    },
  );
}

function toJson(answer: Result<boolean, RelationshipFailure>): object {
  if (answer.ok) return { allowed: answer.value };
  const { error } = answer;
  return { error: { input_error: codeOf(error), message: error.message } };
}

function correlationIds(ids: readonly string[]): Result<readonly string[], RelationshipFailure> {
  if (ids.length === 0) return err(failure('invalid', 'a batch has at least one check'));
  if (ids.length > LIMITS.checksPerBatch) {
    const message = `a batch has at most ${LIMITS.checksPerBatch} checks (limit checksPerBatch), not ${ids.length}`;
    return err(failure('invalid', message));
  }
  const malformed = ids.find((id) => !CORRELATION_ID.test(id));
  if (malformed !== undefined) {
    const what = `correlation_id "${malformed.slice(0, 64)}"`;
    return err(failure('invalid', `${what} is not 1 to 36 letters, digits, hyphens and underscores`));
  }
  const seen = new Set<string>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  if (twice !== undefined) return err(failure('invalid', `correlation_id "${twice}" is in the batch twice`));
  return ok(ids);
}
