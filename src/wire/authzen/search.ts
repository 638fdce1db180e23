import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { idOf, typeOf } from '../../core/entity.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Searches, SearchPage, SearchTarget } from '../../engine/search/search.ts';
import { callerOf } from '../authentication.ts';
import { correlationOf } from '../correlation.ts';
import { ACTION, CONTEXT, ENTITY, type Evaluation, JSON_OBJECT, toQuestion } from '../question.ts';
import { refusalOfFailure } from '../refusal.ts';
import type { Routes } from '../routes.ts';
import { ERROR, sendError } from './error.ts';

/** Stands where a name is looked for; whatever the request has there is ignored (sections 8.4 to 8.6). */
const ANY = 'any';

const TYPE_OF_TARGET = Type.Object(
  { type: Type.String(), properties: Type.Optional(JSON_OBJECT) },
  { description: 'What is looked for: an id is ignored' },
);
const PAGE = Type.Object({
  token: Type.Optional(Type.String({ description: 'The next_token of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 0, description: `Results at most; ${LIMITS.pageSize} are the most` })),
});
const OPTIONS = { context: Type.Optional(CONTEXT), page: Type.Optional(PAGE) };

const SUBJECT_SEARCH = Type.Object({ subject: TYPE_OF_TARGET, action: ACTION, resource: ENTITY, ...OPTIONS });
const RESOURCE_SEARCH = Type.Object({ subject: ENTITY, action: ACTION, resource: TYPE_OF_TARGET, ...OPTIONS });
const ACTION_SEARCH = Type.Object({ subject: ENTITY, resource: ENTITY, ...OPTIONS });

const FOUND_ENTITY = Type.Object({ type: Type.String(), id: Type.String() });
const FOUND_ACTION = Type.Object({ name: Type.String() });

/** The three searches of AuthZEN 1.0, section 8, over the whole decision. */
export function searches(routes: Routes, engine: Searches): void {
  const answer = async (
    target: SearchTarget,
    body: Evaluation,
    page: Static<typeof PAGE> | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<object> => {
    const question = toQuestion(body);
    if (!question.ok) return sendError(reply, refusalOfFailure(question.error));
    // An empty token is what the last page has: whoever sends it along has no page to go on from.
    const token = page?.token === '' ? undefined : page?.token;
    const limit = Math.min(page?.limit ?? LIMITS.pageSize, LIMITS.pageSize);
    const found = await engine.search(
      { target, question: question.value },
      { limit, ...(token === undefined ? undefined : { token }) },
      callerOf(request),
      correlationOf(request),
    );
    return found.ok ? pageJson(target, found.value) : sendError(reply, refusalOfFailure(found.error));
  };

  routes.post(
    '/access/v1/search/subject',
    { schema: described('searchSubjects', 'Who may do this?', SUBJECT_SEARCH, FOUND_ENTITY) },
    (request, reply) => {
      const { page, subject, ...rest } = request.body;
      return answer('subject', { ...rest, subject: { ...subject, id: ANY } }, page, request, reply);
    },
  );
  routes.post(
    '/access/v1/search/resource',
    { schema: described('searchResources', 'To what may this subject do this?', RESOURCE_SEARCH, FOUND_ENTITY) },
    (request, reply) => {
      const { page, resource, ...rest } = request.body;
      return answer('resource', { ...rest, resource: { ...resource, id: ANY } }, page, request, reply);
    },
  );
  routes.post(
    '/access/v1/search/action',
    { schema: described('searchActions', 'What may this subject do to this?', ACTION_SEARCH, FOUND_ACTION) },
    (request, reply) => {
      const { page, ...rest } = request.body;
      return answer('action', { ...rest, action: { name: ANY } }, page, request, reply);
    },
  );
}

function described<B extends object, R extends object>(operationId: string, summary: string, body: B, result: R) {
  return {
    operationId,
    tags: ['authzen'],
    summary,
    body,
    response: {
      200: Type.Object({
        results: Type.Array(Type.Unsafe<object>(result)),
        page: Type.Object({ next_token: Type.String({ description: 'Empty on the last page' }) }),
        context: Type.Object({
          revision: Type.String({ description: 'Which all pages of this search are decided at' }),
          reason: Type.Optional(Type.String({ description: 'stale: the demanded revision did not arrive' })),
        }),
      }),
      '4xx': ERROR,
      '5xx': ERROR,
    },
  };
}

function pageJson(target: SearchTarget, { results, next, revision, stale }: SearchPage): object {
  return {
    results: results.map((name) => (target === 'action' ? { name } : { type: typeOf(name), id: idOf(name) })),
    page: { next_token: next },
    context: { revision, ...(stale === true ? { reason: 'stale' } : undefined) },
  };
}
