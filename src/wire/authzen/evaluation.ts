import type { App } from '../app.ts';
import { callerOf } from '../authentication.ts';
import { correlationOf } from '../correlation.ts';
import { EVALUATION, toQuestion } from '../question.ts';
import { refusalOfFailure } from '../refusal.ts';
import type { Routes } from '../routes.ts';
import { ANSWER, answerJson } from './answer.ts';
import { ERROR, sendError } from './error.ts';

/** `POST /access/v1/evaluation` (AuthZEN 1.0, section 6): one check. A deny is 200. */
export function evaluation(routes: Routes, app: App): void {
  routes.post(
    '/access/v1/evaluation',
    {
      schema: {
        operationId: 'evaluate',
        tags: ['authzen'],
        summary: 'May this subject do this?',
        body: EVALUATION,
        response: { 200: ANSWER, '4xx': ERROR, '5xx': ERROR },
      },
    },
    async (request, reply) => {
      const question = toQuestion(request.body);
      if (!question.ok) return sendError(reply, refusalOfFailure(question.error));
      const answer = await app.checks.check(question.value, callerOf(request), correlationOf(request));
      return answer.ok ? answerJson(answer.value) : sendError(reply, refusalOfFailure(answer.error));
    },
  );
}
