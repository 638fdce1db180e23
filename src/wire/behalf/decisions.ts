import { Type } from 'typebox';
import { getDecision, listDecisions } from '../../engine/explain.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { DEFAULT_PAGE, PAGE_LIMIT } from './paging.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { RECORD, recordJson } from './record-json.ts';

/** The decision log (design, section 8). For auditors. */
export function decisions(routes: Routes, { ledger, log }: App): void {
  const token = (revision?: number): string => ledger.token(revision);

  routes.get(
    '/v1/decisions',
    {
      schema: {
        operationId: 'listDecisions',
        tags: ['decisions'],
        summary: 'Decisions, newest first',
        querystring: Type.Object(
          {
            actor: Type.Optional(Type.String()),
            origin: Type.Optional(Type.String()),
            resource: Type.Optional(Type.String()),
            action: Type.Optional(Type.String()),
            decision: Type.Optional(Type.Boolean({ description: 'As decided, whatever was enforced' })),
            delegation: Type.Optional(Type.String({ description: 'On any chain of the record' })),
            before: Type.Optional(Type.String({ description: 'The next of the page before' })),
            limit: Type.Optional(PAGE_LIMIT),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ decisions: Type.Array(RECORD), next: Type.Optional(Type.String()) }),
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      const { before, limit = DEFAULT_PAGE, decision: allowed, ...fields } = request.query;
      const filter = { ...fields, ...(allowed === undefined ? undefined : { allowed }) };
      const page = { limit, ...(before === undefined ? undefined : { before }) };
      const found = listDecisions(log, filter, page, callerOf(request));
      if (!found.ok) return sendFailure(reply, found.error);
      const { records, next } = found.value;
      return reply.send({
        decisions: records.map((record) => recordJson(record, token)),
        ...(next === undefined ? undefined : { next }),
      });
    },
  );

  routes.get(
    '/v1/decisions/:id',
    {
      schema: {
        operationId: 'getDecision',
        tags: ['decisions'],
        summary: 'One decision record',
        params: Type.Object({ id: Type.String() }),
        response: { 200: RECORD, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const found = getDecision(log, request.params.id, callerOf(request));
      return found.ok ? reply.send(recordJson(found.value, token)) : sendFailure(reply, found.error);
    },
  );
}
