import { Type } from 'typebox';
import { writeRelationships } from '../../engine/relationships/relationships.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { ERRORS, sendFailure } from './error.ts';
import { MODEL_ID, PARAMS } from './given.ts';
import { TUPLE, TUPLE_KEY, toRelationships } from './tuple.ts';

const ON_CONFLICT = Type.Enum(['error', 'ignore']);

/** `POST /stores/{store}/write`: writes and deletes relationships, all or nothing. */
export function write(routes: Routes, { ledger }: App): void {
  routes.post(
    '/stores/:store/write',
    {
      schema: {
        operationId: 'writeRelationships',
        tags: ['openfga'],
        summary: 'Write and delete relationships',
        params: PARAMS,
        body: Type.Object({
          writes: Type.Optional(
            Type.Object({ tuple_keys: Type.Array(TUPLE, { minItems: 1 }), on_duplicate: Type.Optional(ON_CONFLICT) }),
          ),
          deletes: Type.Optional(
            Type.Object({ tuple_keys: Type.Array(TUPLE_KEY, { minItems: 1 }), on_missing: Type.Optional(ON_CONFLICT) }),
          ),
          authorization_model_id: MODEL_ID,
        }),
        response: { 200: Type.Object({}), ...ERRORS },
      },
    },
    (request, reply) => {
      const { writes, deletes, authorization_model_id: modelId } = request.body;
      const relationships = toRelationships(writes?.tuple_keys ?? []);
      if (!relationships.ok) return sendFailure(reply, relationships.error);
      const written = writeRelationships(
        ledger,
        {
          writes: relationships.value,
          deletes: deletes?.tuple_keys ?? [],
          onDuplicate: writes?.on_duplicate ?? 'error',
          onMissing: deletes?.on_missing ?? 'error',
          ...(modelId === undefined ? undefined : { modelId }),
        },
        callerOf(request),
      );
      if (!written.ok) return sendFailure(reply, written.error);
      return reply.header('behalf-revision', written.value.revision).send({});
    },
  );
}
