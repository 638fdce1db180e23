import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Failure } from '../../engine/failure.ts';
import { type Refusal, refusalOfFailure } from '../refusal.ts';

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
  request_id: Type.String(),
});

/** The answers of a route when it refuses. */
export const PROBLEMS = { '4xx': PROBLEM, '5xx': PROBLEM } as const;

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, status, title, message, errors } = refusal;
  const problem = {
    type: `urn:behalf:problem:${code}`,
    title,
    status,
    detail: message,
    code,
    ...(errors === undefined ? undefined : { errors }),
    request_id: reply.request.id,
  };
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  return sendProblem(reply, refusalOfFailure(failure));
}
