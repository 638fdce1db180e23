import { Type } from 'typebox';
import { listModels, readModel } from '../../engine/relationships/read-models.ts';
import { writeModel } from '../../engine/relationships/write-model.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendFailure } from './error.ts';
import { PARAMS } from './given.ts';
import { fromToken, pageSize, toToken } from './page.ts';

/** OpenFGA's bound. */
const LONGEST_PAGE = 50;

const MODEL = Type.Object({
  id: Type.String(),
  schema_version: Type.String(),
  type_definitions: Type.Array(Type.Object({ type: Type.String() })),
  conditions: Type.Object({}),
});

/** `/stores/{store}/authorization-models`: write one, which publishes a bundle; read one or all. */
export function models(routes: Routes, app: App): void {
  writeOne(routes, app);
  readAll(routes, app);
  readOne(routes, app);
}

function writeOne(routes: Routes, { ledger, orphans = 'refuse' }: App): void {
  routes.post(
    '/stores/:store/authorization-models',
    {
      schema: {
        operationId: 'writeModel',
        tags: ['openfga'],
        summary: 'Publish a bundle with another model',
        params: PARAMS,
        body: Type.Object({
          schema_version: Type.Optional(Type.String()),
          type_definitions: Type.Array(Type.Unknown()),
          conditions: Type.Optional(Type.Unknown()),
        }),
        response: { 201: Type.Object({ authorization_model_id: Type.String() }), ...ERRORS },
      },
    },
    (request, reply) => {
      const written = writeModel(ledger, request.body, callerOf(request), { orphans });
      if (!written.ok) return sendFailure(reply, written.error);
      const { id, revision } = written.value;
      return reply.code(201).header('behalf-revision', revision).send({ authorization_model_id: id });
    },
  );
}

function readAll(routes: Routes, { ledger }: App): void {
  routes.get(
    '/stores/:store/authorization-models',
    {
      schema: {
        operationId: 'listModels',
        tags: ['openfga'],
        summary: 'Every model that was ever in force, the newest first',
        params: PARAMS,
        querystring: Type.Object({
          page_size: Type.Optional(Type.String()),
          continuation_token: Type.Optional(Type.String()),
        }),
        response: {
          200: Type.Object({ authorization_models: Type.Array(MODEL), continuation_token: Type.String() }),
          ...ERRORS,
        },
      },
    },
    (request, reply) => {
      const limit = pageSize(request.query.page_size, LONGEST_PAGE);
      if (!limit.ok) return sendFailure(reply, limit.error);
      const after = fromToken(request.query.continuation_token);
      if (!after.ok) return sendFailure(reply, after.error);
      const page = { limit: limit.value, ...(after.value === undefined ? undefined : { after: after.value }) };
      const listed = listModels(ledger, page, callerOf(request));
      if (!listed.ok) return sendFailure(reply, listed.error);
      const { models: list, next } = listed.value;
      return reply.send({ authorization_models: list, continuation_token: next === undefined ? '' : toToken(next) });
    },
  );
}

function readOne(routes: Routes, { ledger }: App): void {
  routes.get(
    '/stores/:store/authorization-models/:id',
    {
      schema: {
        operationId: 'readModel',
        tags: ['openfga'],
        summary: 'A model that is or was in force',
        params: Type.Object({ ...PARAMS.properties, id: Type.String() }),
        response: { 200: Type.Object({ authorization_model: MODEL }), ...ERRORS },
      },
    },
    (request, reply) => {
      const model = readModel(ledger, request.params.id, callerOf(request));
      if (!model.ok) return sendFailure(reply, model.error);
      return reply.send({ authorization_model: model.value });
    },
  );
}
