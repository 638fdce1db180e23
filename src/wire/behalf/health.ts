import { Type } from 'typebox';
import { readiness } from '../../engine/readiness.ts';
import type { App } from '../app.ts';
import type { Routes } from '../routes.ts';

const READINESS = Type.Object({
  status: Type.Enum(['ready', 'not_ready']),
  store: Type.Object({ ok: Type.Boolean(), revision: Type.String(), detail: Type.Optional(Type.String()) }),
  log: Type.Object({
    ok: Type.Boolean(),
    detail: Type.Optional(Type.String({ description: 'Why it is not: reserve in use, records cannot be written' })),
  }),
  checkpoints: Type.Optional(
    Type.Object(
      { ok: Type.Boolean(), detail: Type.Optional(Type.String()) },
      { description: 'Whether the log is signed for; decisions are answered all the same' },
    ),
  ),
  bundle: Type.String(),
});

/** For whatever starts, stops and balances servers: open to all, and telling nothing that is secret. */
export function health(routes: Routes, { ledger, log, evidence }: App): void {
  routes.get(
    '/healthz',
    {
      schema: {
        operationId: 'alive',
        tags: ['health'],
        summary: 'The process answers',
        security: [],
        response: { 200: Type.Object({ status: Type.String() }) },
      },
    },
    (_request, reply) => reply.send({ status: 'ok' }),
  );

  routes.get(
    '/readyz',
    {
      schema: {
        operationId: 'ready',
        tags: ['health'],
        summary: 'Decisions can be taken and recorded',
        security: [],
        response: { 200: READINESS, 503: READINESS },
      },
    },
    (_request, reply) => {
      const { ready, ...rest } = readiness(ledger, log, evidence);
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', ...rest });
    },
  );
}
