import { Type } from 'typebox';
import { relationshipTimes } from '../../engine/relationships/read-relationships.ts';
import type { App } from '../app.ts';
import type { Routes } from '../routes.ts';
import { rfc3339 } from '../trace.ts';
import { ERRORS } from './error.ts';

const STORE = Type.Object({
  id: Type.String(),
  name: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
});

/** `GET /stores` and `/stores/{store}`: there is one, whose id is in the configuration. */
export function stores(routes: Routes, { ledger, storeId }: App): void {
  const describe = () => {
    const { since, changed } = relationshipTimes(ledger);
    return { id: storeId, name: 'behalf', created_at: rfc3339(since), updated_at: rfc3339(changed) };
  };

  routes.get(
    '/stores',
    {
      schema: {
        operationId: 'listStores',
        tags: ['openfga'],
        summary: 'The one store',
        response: { 200: Type.Object({ stores: Type.Array(STORE), continuation_token: Type.String() }), ...ERRORS },
      },
    },
    (_request, reply) => reply.send({ stores: [describe()], continuation_token: '' }),
  );

  routes.get(
    '/stores/:store',
    {
      schema: {
        operationId: 'getStore',
        tags: ['openfga'],
        summary: 'The one store',
        params: Type.Object({ store: Type.String() }),
        response: { 200: STORE, ...ERRORS },
      },
    },
    (_request, reply) => reply.send(describe()),
  );
}
