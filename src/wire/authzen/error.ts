import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { type Refusal, withRetryAfter } from '../refusal.ts';

/** AuthZEN leaves the body of an error open; this is the form of its `context.error` (section 7.2.1 of version 1.0). */
export const ERROR = Type.Object({
  error: Type.Object({ status: Type.Integer(), message: Type.String() }),
});

/** Section 12.1.12 knows 400, 401, 403 and 500: another content type than JSON is 400 there. */
export function statusOf({ status }: Refusal): number {
  return status === 415 ? 400 : status;
}

export function sendError(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const status = statusOf(refusal);
  return withRetryAfter(reply, refusal)
    .code(status)
    .send({ error: { status, message: refusal.message } });
}
