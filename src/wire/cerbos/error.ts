import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { type Refusal, type RefusalCode, withRetryAfter } from '../refusal.ts';

/** `google.rpc.Status`, as grpc-gateway writes it. */
const ERROR = Type.Object({ code: Type.Integer(), message: Type.String() });
export const ERRORS = { '4xx': ERROR, '5xx': ERROR } as const;

/** The codes of gRPC (google.rpc.Code). */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** Codes whose meaning gRPC has a name for; any other refusal is of the server's state or of the argument. */
const CODES: { readonly [code in RefusalCode]?: number } = {
  invalid: INVALID_ARGUMENT,
  actor_missing: INVALID_ARGUMENT,
  limit_exceeded: INVALID_ARGUMENT,
  unsupported_media_type: INVALID_ARGUMENT,
  unauthenticated: UNAUTHENTICATED,
  forbidden: PERMISSION_DENIED,
  not_found: NOT_FOUND,
  no_such_route: NOT_FOUND,
  method_not_allowed: UNIMPLEMENTED,
  rate_limited: RESOURCE_EXHAUSTED,
  internal: INTERNAL,
  log_unavailable: UNAVAILABLE,
  store_unavailable: UNAVAILABLE,
};

/** Cerbos answers 400 to whatever is wrong with the content of a request. */
export function sendError(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, status, message } = refusal;
  return withRetryAfter(reply, refusal)
    .code(status === 415 || status === 422 ? 400 : status)
    .send({ code: CODES[code] ?? FAILED_PRECONDITION, message });
}
