import { Type } from 'typebox';
import { parseEntity } from '../../core/entity.ts';
import { failure } from '../../engine/failure.ts';
import { revoke } from '../../engine/revoke.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { CAPABILITY } from './delegation-draft.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { TIME } from './time.ts';
import { acknowledge, IDEMPOTENT, idempotencyOf, REVISION } from './written.ts';

/** Long enough for a sentence and a ticket; it stands in every view of what it killed. */
const REASON_LENGTH = 1024;

const REVOKED = Type.Object({
  delegation: Type.String(),
  on_behalf_of: Type.Optional(Type.String()),
  dry_run: Type.Boolean(),
  already: Type.Boolean({ description: 'It was revoked before: nothing new happened' }),
  at: Type.Optional(TIME),
  dies: Type.Array(
    Type.Object({
      delegation: Type.String(),
      name: Type.Optional(Type.String()),
      from: Type.String(),
      to: Type.String(),
      depth: Type.Integer(),
    }),
  ),
  keeps: Type.Array(Type.Object({ to: Type.String(), through: Type.String(), capabilities: Type.Array(CAPABILITY) }), {
    description: 'What holders keep through another live delegation',
  }),
  revision: REVISION,
});

/** `POST /v1/delegations/{id}/revoke`: final, for everybody or for one origin (design, section 2). */
export function revocations(routes: Routes, { ledger }: App): void {
  routes.post(
    '/v1/delegations/:id/revoke',
    {
      schema: {
        operationId: 'revoke',
        tags: ['delegations'],
        summary: 'Revoke a delegation and everything derived from it',
        params: Type.Object({ id: Type.String() }),
        headers: IDEMPOTENT,
        body: Type.Object(
          {
            reason: Type.String({ minLength: 1, maxLength: REASON_LENGTH }),
            on_behalf_of: Type.Optional(Type.String({ description: 'Withdrawn for this origin only' })),
            dry_run: Type.Optional(Type.Boolean({ description: 'Tell what would die, and change nothing' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: REVOKED, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const { reason, on_behalf_of: onBehalfOf, dry_run: dryRun = false } = request.body;
      const origin = onBehalfOf === undefined ? undefined : parseEntity(onBehalfOf);
      if (origin?.ok === false) {
        return sendFailure(
          reply,
          failure('invalid', `on_behalf_of: ${origin.error}`, [{ field: 'on_behalf_of', message: origin.error }]),
        );
      }
      const idempotency = idempotencyOf(request);
      if (!idempotency.ok) return sendFailure(reply, idempotency.error);
      const revoked = revoke(
        ledger,
        {
          delegation: request.params.id,
          reason,
          dryRun,
          ...(origin === undefined ? undefined : { onBehalfOf: origin.value }),
        },
        callerOf(request),
        idempotency.value,
      );
      if (!revoked.ok) return sendFailure(reply, revoked.error);
      const { value } = revoked;
      acknowledge(reply, value.revision);
      return reply.send({
        delegation: value.delegation,
        ...(value.onBehalfOf === undefined ? undefined : { on_behalf_of: value.onBehalfOf }),
        dry_run: value.dryRun,
        already: value.already,
        ...(value.at === undefined ? undefined : { at: rfc3339(value.at) }),
        dies: value.dies,
        keeps: value.keeps,
        revision: value.revision,
      });
    },
  );
}
