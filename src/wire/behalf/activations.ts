import { Type } from 'typebox';
import { parseEntity } from '../../core/entity.ts';
import { activate, deactivate } from '../../engine/activate.ts';
import { failure } from '../../engine/failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { ACTIVATION, activationJson } from './delegation-view.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { acknowledge, IDEMPOTENT, idempotencyOf, REVISION } from './written.ts';

/** Sessions: opening a `session` delegation for one origin, and ending it by hand (design, section 2). */
export function activations(routes: Routes, { ledger }: App): void {
  routes.post(
    '/v1/delegations/:id/activations',
    {
      schema: {
        operationId: 'activate',
        tags: ['delegations'],
        summary: 'Open a session delegation for one origin',
        params: Type.Object({ id: Type.String() }),
        headers: IDEMPOTENT,
        body: Type.Object(
          { origin: Type.String(), seconds: Type.Optional(Type.Integer({ description: 'Absent: the longest' })) },
          { additionalProperties: false },
        ),
        response: { 201: Type.Object({ activation: ACTIVATION, revision: REVISION }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { seconds } = request.body;
      const origin = parseEntity(request.body.origin);
      if (!origin.ok) {
        return sendFailure(
          reply,
          failure('invalid', `origin: ${origin.error}`, [{ field: 'origin', message: origin.error }]),
        );
      }
      const idempotency = idempotencyOf(request);
      if (!idempotency.ok) return sendFailure(reply, idempotency.error);
      const opened = activate(
        ledger,
        {
          delegation: request.params.id,
          origin: origin.value,
          ...(seconds === undefined ? undefined : { seconds }),
        },
        callerOf(request),
        idempotency.value,
      );
      if (!opened.ok) return sendFailure(reply, opened.error);
      const { activation, revision } = opened.value;
      acknowledge(reply, revision);
      return reply.code(201).send({ activation: activationJson(activation), revision });
    },
  );

  routes.delete(
    '/v1/delegations/:id/activations/:activation',
    {
      schema: {
        operationId: 'deactivate',
        tags: ['delegations'],
        summary: 'End a session by hand',
        params: Type.Object({ id: Type.String(), activation: Type.String() }),
        response: { 200: Type.Object({ revision: REVISION }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { id: delegation, activation } = request.params;
      const ended = deactivate(ledger, { delegation, activation }, callerOf(request));
      if (!ended.ok) return sendFailure(reply, ended.error);
      acknowledge(reply, ended.value.revision);
      return reply.send({ revision: ended.value.revision });
    },
  );
}
