import { Type } from 'typebox';
import { delegate } from '../../engine/delegate.ts';
import { DELEGATION_STATES, getDelegation, listDelegations } from '../../engine/delegations.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { DRAFT, toDraft } from './delegation-draft.ts';
import { VIEW, viewJson } from './delegation-view.ts';
import { DEFAULT_PAGE, PAGE_LIMIT } from './paging.ts';
import { PROBLEMS, sendFailure } from './problem.ts';
import { acknowledge, IDEMPOTENT, idempotencyOf, REVISION } from './written.ts';

/** Making, reading and listing delegations (design, section 2). */
export function delegations(routes: Routes, { ledger }: App): void {
  const token = (revision?: number): string => ledger.token(revision);

  routes.post(
    '/v1/delegations',
    {
      schema: {
        operationId: 'delegate',
        tags: ['delegations'],
        summary: 'Delegate, or hand a delegation on',
        headers: IDEMPOTENT,
        body: DRAFT,
        response: { 201: Type.Object({ delegation: VIEW, revision: REVISION }), ...PROBLEMS },
      },
    },
    (request, reply) => {
      const draft = toDraft(request.body);
      if (!draft.ok) return sendFailure(reply, draft.error);
      const idempotency = idempotencyOf(request);
      if (!idempotency.ok) return sendFailure(reply, idempotency.error);
      const caller = callerOf(request);
      const made = delegate(ledger, draft.value, caller, idempotency.value);
      if (!made.ok) return sendFailure(reply, made.error);
      const view = getDelegation(ledger, made.value.delegation.id, caller);
      if (!view.ok) return sendFailure(reply, view.error);
      acknowledge(reply, made.value.revision);
      return reply
        .code(201)
        .header('location', `/v1/delegations/${made.value.delegation.id}`)
        .send({ delegation: viewJson(view.value, token), revision: made.value.revision });
    },
  );

  routes.get(
    '/v1/delegations',
    {
      schema: {
        operationId: 'listDelegations',
        tags: ['delegations'],
        summary: 'The delegations that the caller may read, oldest first',
        querystring: Type.Object(
          {
            name: Type.Optional(Type.String()),
            from: Type.Optional(Type.String()),
            to: Type.Optional(Type.String()),
            origin: Type.Optional(Type.String()),
            state: Type.Optional(Type.Enum([...DELEGATION_STATES])),
            after: Type.Optional(Type.String({ description: 'The next of the page before' })),
            limit: Type.Optional(PAGE_LIMIT),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            delegations: Type.Array(VIEW),
            next: Type.Optional(Type.String()),
            revision: Type.String(),
          }),
          ...PROBLEMS,
        },
      },
    },
    (request, reply) => {
      const { after, limit = DEFAULT_PAGE, ...filter } = request.query;
      const page = { limit, ...(after === undefined ? undefined : { after }) };
      const found = listDelegations(ledger, filter, page, callerOf(request));
      return reply.send({
        delegations: found.delegations.map((view) => viewJson(view, token)),
        ...(found.next === undefined ? undefined : { next: found.next }),
        revision: ledger.token(),
      });
    },
  );

  routes.get(
    '/v1/delegations/:id',
    {
      schema: {
        operationId: 'getDelegation',
        tags: ['delegations'],
        summary: 'One delegation with its chain',
        params: Type.Object({ id: Type.String() }),
        response: { 200: VIEW, ...PROBLEMS },
      },
    },
    (request, reply) => {
      const view = getDelegation(ledger, request.params.id, callerOf(request));
      return view.ok ? reply.send(viewJson(view.value, token)) : sendFailure(reply, view.error);
    },
  );
}
