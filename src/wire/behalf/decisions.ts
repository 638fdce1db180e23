import { Type } from 'typebox';
import { getDecision, listDecisions, summarizeDecisions } from '../../engine/decisions.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import type { Routes } from '../routes.ts';
import { DECISION_QUERY, toDecisionFilter } from './decision-filter.ts';
import { SUMMARY, SUMMARY_QUERY, summaryJson, toSummaryOptions } from './decision-summary.ts';
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
        summary: 'Decisions, newest or oldest first',
        querystring: Type.Object(
          {
            ...DECISION_QUERY,
            order: Type.Optional(Type.Enum(['newest', 'oldest'], { description: 'What comes first; default newest' })),
            before: Type.Optional(Type.String({ description: 'Older than this one: the next of the page before' })),
            after: Type.Optional(
              Type.String({ description: 'Newer than this one: the next of the page before, with order=oldest' }),
            ),
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
      const { before, after, order, limit = DEFAULT_PAGE } = request.query;
      const filter = toDecisionFilter(request.query);
      if (!filter.ok) return sendFailure(reply, filter.error);
      const page = {
        limit,
        ...(order === undefined ? undefined : { order }),
        ...(before === undefined ? undefined : { before }),
        ...(after === undefined ? undefined : { after }),
      };
      const found = listDecisions(log, filter.value, page, callerOf(request));
      if (!found.ok) return sendFailure(reply, found.error);
      const { records, next } = found.value;
      return reply.send({
        decisions: records.map((record) => recordJson(record, token)),
        ...(next === undefined ? undefined : { next }),
      });
    },
  );

  routes.get(
    '/v1/decisions/summary',
    {
      schema: {
        operationId: 'summarizeDecisions',
        tags: ['decisions'],
        summary: 'How many decisions there were, by outcome, reason, actor, …, and by time',
        querystring: SUMMARY_QUERY,
        response: { 200: SUMMARY, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const filter = toDecisionFilter(request.query);
      if (!filter.ok) return sendFailure(reply, filter.error);
      const options = toSummaryOptions(request.query, filter.value, ledger.now());
      if (!options.ok) return sendFailure(reply, options.error);
      const summary = await summarizeDecisions(log, filter.value, options.value, callerOf(request));
      return summary.ok ? reply.send(summaryJson(summary.value)) : sendFailure(reply, summary.error);
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
