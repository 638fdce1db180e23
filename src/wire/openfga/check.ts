import { Type } from 'typebox';
import { failure } from '../../engine/failure.ts';
import { checkRelationship } from '../../engine/relationships.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { document, JSON_OBJECT } from '../question.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendCode, sendFailure } from './error.ts';
import { MODEL_ID } from './model-id.ts';
import { TUPLE, TUPLE_KEY, toRelationships } from './tuple.ts';

/**
 * `POST /stores/{store}/check`: the relationship layer's own answer, for authoring. Says so in a header, because it
 * is not a decision (design, section 6).
 */
export function check(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/check',
    {
      schema: {
        operationId: 'checkRelationship',
        tags: ['openfga'],
        summary: 'Is there this relationship? Not a decision',
        params: Type.Object({ store: Type.String() }),
        body: Type.Object({
          tuple_key: TUPLE_KEY,
          contextual_tuples: Type.Optional(Type.Object({ tuple_keys: Type.Array(TUPLE) })),
          context: Type.Optional(JSON_OBJECT),
          authorization_model_id: MODEL_ID,
        }),
        response: { 200: Type.Object({ allowed: Type.Boolean(), resolution: Type.String() }), ...ERRORS },
      },
    },
    (request, reply) => {
      const { tuple_key: key, contextual_tuples: more, context = {} } = request.body;
      const contextual = toRelationships(more?.tuple_keys ?? []);
      if (!contextual.ok) return sendFailure(reply, contextual.error);
      const admitted = document('context', context);
      if (!admitted.ok) return sendFailure(reply, admitted.error);
      const answer = checkRelationship(ledger, { ...key, contextual: contextual.value, context }, callerOf(request));
      if (!answer.ok) return sendFailure(reply, answer.error);
      const membership = answer.value;
      reply.header('behalf-layer', 'relationships');
      if (membership.kind === 'unknown') {
        const { because } = membership;
        if (because.kind === 'limit') {
          const message = `the model needs more steps than the limit ${because.limit} allows`;
          return sendCode(reply, 400, 'authorization_model_resolution_too_complex', message);
        }
        if (because.paradox !== true) return sendFailure(reply, failure('invalid', because.message));
      }
      return reply.send({ allowed: membership.kind === 'yes', resolution: '' });
    },
  );
}
