import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { toEntity } from '../../core/entity.ts';
import { err, type Result } from '../../core/result.ts';
import {
  deleteEntity,
  getEntity,
  patchEntity,
  putEntity,
  type Recorded,
  setSuspended,
} from '../../engine/directory.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import { listEntities } from '../../engine/list-entities.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { document, JSON_OBJECT } from '../question.ts';
import type { Routes } from '../routes.ts';
import { DEFAULT_PAGE, PAGE_LIMIT } from './paging.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { acknowledge, IDEMPOTENT, idempotencyOf, REVISION } from './written.ts';

const PATH = '/v1/entities/:type/:id';
const PARAMS = Type.Object({
  type: Type.String(),
  id: Type.String({ description: 'Percent-encoded: tool/github%2Fcreate_issue' }),
});

const HELD = {
  entity: Type.String(),
  roles: Type.Array(Type.String()),
  attributes: JSON_OBJECT,
  suspended: Type.Boolean(),
  deleted: Type.Boolean(),
};
const RECORD = Type.Object({ ...HELD, revision: REVISION });

const CONTENT = Type.Object(
  { roles: Type.Optional(Type.Array(Type.String({ minLength: 1 }))), attributes: Type.Optional(JSON_OBJECT) },
  { additionalProperties: false },
);

/** The directory (design, section 4): roles and attributes of principals and resources, suspending and deleting. */
export function entities(routes: Routes, { ledger }: App): void {
  const described = (operationId: string, summary: string) => ({
    operationId,
    tags: ['entities'],
    summary,
    params: PARAMS,
    response: { 200: RECORD, ...PROBLEMS },
  });

  routes.put(
    PATH,
    {
      schema: {
        ...described('putEntity', 'Set roles and attributes'),
        headers: IDEMPOTENT,
        body: CONTENT,
      },
    },
    (request, reply) => {
      const { roles = [], attributes = {} } = request.body;
      const admitted = document('attributes', attributes);
      if (!admitted.ok) return sendFailure(reply, admitted.error);
      const idempotency = idempotencyOf(request);
      if (!idempotency.ok) return sendFailure(reply, idempotency.error);
      const content = { roles, attributes };
      return sendWritten(
        reply,
        withEntity(request.params, (entity) =>
          putEntity(ledger, entity, content, callerOf(request), idempotency.value),
        ),
      );
    },
  );

  routes.patch(
    PATH,
    {
      schema: {
        ...described('patchEntity', 'Change some attributes, or the roles'),
        description: 'What is not named stays as it is. An attribute is set as a whole; null takes it away.',
        headers: IDEMPOTENT,
        body: CONTENT,
      },
    },
    (request, reply) => {
      const admitted = document('attributes', request.body.attributes ?? {});
      if (!admitted.ok) return sendFailure(reply, admitted.error);
      const idempotency = idempotencyOf(request);
      if (!idempotency.ok) return sendFailure(reply, idempotency.error);
      return sendWritten(
        reply,
        withEntity(request.params, (entity) =>
          patchEntity(ledger, entity, request.body, callerOf(request), idempotency.value),
        ),
      );
    },
  );

  routes.get(
    '/v1/entities',
    {
      schema: {
        operationId: 'listEntities',
        tags: ['entities'],
        summary: 'What the directory holds, in the order of names',
        querystring: Type.Object(
          {
            prefix: Type.Optional(Type.String({ description: 'Only names that begin with it: tool:github/' })),
            after: Type.Optional(Type.String({ description: 'The next of the page before' })),
            limit: Type.Optional(PAGE_LIMIT),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            entities: Type.Array(Type.Object(HELD)),
            next: Type.Optional(Type.String()),
            revision: Type.String(),
          }),
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      const { prefix = '', after, limit = DEFAULT_PAGE } = request.query;
      const page = { limit, ...(after === undefined ? undefined : { after }) };
      const found = listEntities(ledger, prefix, page, callerOf(request));
      if (!found.ok) return sendFailure(reply, found.error);
      return reply.send({ ...found.value, revision: ledger.token() });
    },
  );

  routes.get(PATH, { schema: described('getEntity', 'What the directory holds') }, (request, reply) =>
    sendRecord(
      reply,
      withEntity(request.params, (entity) => getEntity(ledger, entity, callerOf(request))),
    ),
  );

  routes.delete(PATH, { schema: described('deleteEntity', 'Delete for ever; its id is barred') }, (request, reply) =>
    sendWritten(
      reply,
      withEntity(request.params, (entity) => deleteEntity(ledger, entity, callerOf(request))),
    ),
  );

  routes.post(
    `${PATH}/suspend`,
    { schema: described('suspendEntity', 'Stop every path through it, reversibly') },
    (request, reply) =>
      sendWritten(
        reply,
        withEntity(request.params, (entity) => setSuspended(ledger, entity, true, callerOf(request))),
      ),
  );

  routes.post(
    `${PATH}/resume`,
    { schema: described('resumeEntity', 'Let paths through it pass again') },
    (request, reply) =>
      sendWritten(
        reply,
        withEntity(request.params, (entity) => setSuspended(ledger, entity, false, callerOf(request))),
      ),
  );
}

function withEntity(
  { type, id }: { readonly type: string; readonly id: string },
  use: (entity: string) => Result<Recorded, Failure>,
): Result<Recorded, Failure> {
  const entity = toEntity(type, id);
  if (!entity.ok) return err(failure('invalid', entity.error, [{ field: 'id', message: entity.error }]));
  return use(entity.value);
}

function sendWritten(reply: FastifyReply, written: Result<Recorded, Failure>): FastifyReply {
  if (written.ok) acknowledge(reply, written.value.revision);
  return sendRecord(reply, written);
}

function sendRecord(reply: FastifyReply, found: Result<Recorded, Failure>): FastifyReply {
  return found.ok
    ? reply.send({ ...found.value.record, revision: found.value.revision })
    : sendFailure(reply, found.error);
}
