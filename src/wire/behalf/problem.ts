import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Failure } from '../../engine/failure.ts';
import { type Refusal, refusalOfFailure, withRetryAfter } from '../refusal.ts';

/** RFC 9457, with the code by itself, what is wrong field by field, and the request's id. */
const PROBLEM = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        field: Type.String(),
        message: Type.String(),
        asked: Type.Optional(Type.String()),
        allowed: Type.Optional(Type.String()),
      }),
    ),
  ),
  problems: Type.Optional(
    Type.Array(
      Type.Object({
        message: Type.String(),
        file: Type.Optional(Type.String()),
        line: Type.Optional(Type.Integer()),
        column: Type.Optional(Type.Integer()),
        found: Type.Optional(Type.String()),
        expected: Type.Optional(Type.String()),
      }),
      { description: 'What is wrong in the files that were sent' },
    ),
  ),
  request_id: Type.String(),
});

/** The answers of a route when it refuses. */
export const PROBLEMS = { '4xx': PROBLEM, '5xx': PROBLEM } as const;

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, status, title, message, errors, problems } = refusal;
  const problem = {
    type: `urn:behalf:problem:${code}`,
    title,
    status,
    detail: message,
    code,
    ...(errors === undefined ? undefined : { errors }),
    ...(problems === undefined ? undefined : { problems }),
    request_id: reply.request.id,
  };
  return withRetryAfter(reply, refusal)
    .code(status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem);
}

export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  return sendProblem(reply, refusalOfFailure(failure));
}
