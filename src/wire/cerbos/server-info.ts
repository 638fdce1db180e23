import { Type } from 'typebox';
import { readiness } from '../../engine/readiness.ts';
import type { App } from '../app.ts';
import type { Routes } from '../routes.ts';

/** What Cerbos's clients ask of a server before they ask anything else; open to all, as they are there. */
export function serverInfo(routes: Routes, app: App): void {
  routes.get(
    '/api/server_info',
    {
      schema: {
        operationId: 'cerbosServerInfo',
        tags: ['cerbos'],
        summary: 'The version of the server',
        security: [],
        response: { 200: Type.Object({ version: Type.String() }) },
      },
    },
    (_request, reply) => reply.send({ version: app.version ?? '' }),
  );

  routes.get(
    '/_cerbos/health',
    {
      schema: {
        operationId: 'cerbosHealth',
        tags: ['cerbos'],
        summary: 'Decisions can be taken and recorded',
        security: [],
        response: { 200: Type.Object({ status: Type.Enum(['SERVING', 'NOT_SERVING']) }) },
      },
    },
    (_request, reply) => {
      const { ready } = readiness(app.ledger, app.log);
      return reply.send({ status: ready ? 'SERVING' : 'NOT_SERVING' });
    },
  );
}
