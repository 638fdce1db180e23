import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Result } from '../../core/result.ts';
import { type Explanation, explain, explainRecorded } from '../../engine/explain.ts';
import type { Failure } from '../../engine/failure.ts';
import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { EVALUATION, toQuestion } from '../question.ts';
import type { Routes } from '../routes.ts';
import { EXPLANATION, explanationJson } from './explanation-json.ts';
import { explanationMermaid } from './explanation-mermaid.ts';
import { explanationText } from './explanation-text.ts';
import { preferred } from './preferred.ts';
import { PROBLEMS, sendFailure } from './problem.ts';

const FORMATS = ['application/json', 'text/plain', 'text/vnd.mermaid'] as const;

const ANSWERS = {
  200: {
    description: 'The decision with its whole path',
    content: {
      'application/json': { schema: EXPLANATION },
      'text/plain': { schema: Type.String({ description: 'The path drawn for people' }) },
      'text/vnd.mermaid': { schema: Type.String({ description: 'A Mermaid flowchart' }) },
    },
  },
  ...PROBLEMS,
};

/** Why: of a question that is not recorded, and of a decision that was (design, sections 1 and 8). */
export function explanations(routes: Routes, { ledger, log }: App): void {
  const send = (request: FastifyRequest, reply: FastifyReply, found: Result<Explanation, Failure>): FastifyReply => {
    if (!found.ok) return sendFailure(reply, found.error);
    const format = preferred(request.headers.accept, FORMATS);
    reply.header('vary', 'Accept');
    switch (format) {
      case 'application/json':
        return reply.send(explanationJson(found.value, (revision) => ledger.token(revision)));
      case 'text/plain':
        return reply.type('text/plain; charset=utf-8').send(explanationText(found.value));
      case 'text/vnd.mermaid':
        return reply.type('text/vnd.mermaid; charset=utf-8').send(explanationMermaid(found.value));
    }
  };

  routes.post(
    '/v1/explain',
    {
      schema: {
        operationId: 'explain',
        tags: ['explain'],
        summary: 'Why would this be allowed or denied? Nothing is recorded',
        body: EVALUATION,
        response: ANSWERS,
      },
    },
    (request, reply) => {
      const question = toQuestion(request.body);
      return question.ok
        ? send(request, reply, explain(ledger, question.value, callerOf(request)))
        : sendFailure(reply, question.error);
    },
  );

  routes.get(
    '/v1/decisions/:id/explain',
    {
      schema: {
        operationId: 'explainDecision',
        tags: ['explain'],
        summary: 'Why was this decided so? Walked again at its own revision, bundle and time',
        params: Type.Object({ id: Type.String() }),
        response: ANSWERS,
      },
    },
    (request, reply) => send(request, reply, explainRecorded(ledger, log, request.params.id, callerOf(request))),
  );
}
