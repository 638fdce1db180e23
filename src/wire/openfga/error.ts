import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { RelationshipFailure } from '../../engine/relationships.ts';
import { type Refusal, type RefusalCode, toRefusal } from '../refusal.ts';

/** The body of an error (OpenFGA API, `ValidationErrorMessageResponse` and its siblings). */
const ERROR = Type.Object({ code: Type.String(), message: Type.String() });
export const ERRORS = { '4xx': ERROR, '5xx': ERROR } as const;

/** OpenFGA's codes, as its SDKs list them, for what a request may be refused for. */
const CODES: { readonly [code in RefusalCode]: string } = {
  invalid: 'validation_error',
  actor_missing: 'validation_error',
  unauthenticated: 'bearer_token_missing',
  forbidden: 'forbidden',
  not_found: 'store_id_not_found',
  no_such_route: 'undefined_endpoint',
  method_not_allowed: 'unimplemented',
  conflict: 'aborted',
  unsupported_media_type: 'validation_error',
  unprocessable: 'validation_error',
  exceeds_parent: 'validation_error',
  idempotency_mismatch: 'validation_error',
  limit_exceeded: 'exceeded_entity_limit',
  internal: 'internal_error',
  log_unavailable: 'unavailable',
  store_unavailable: 'unavailable',
};

const TUPLE_CODES: { readonly [kind in NonNullable<RelationshipFailure['tuple']>]: string } = {
  validation_error: 'validation_error',
  type_not_found: 'type_not_found',
  relation_not_found: 'relation_not_found',
  duplicate: 'cannot_allow_duplicate_tuples_in_one_request',
  exists: 'write_failed_due_to_invalid_input',
  missing: 'write_failed_due_to_invalid_input',
};

/** OpenFGA knows no 415 and no 422 of its own: what is wrong with a request is 400 there. */
export function sendError(reply: FastifyReply, { code, status, message }: Refusal): FastifyReply {
  return sendCode(reply, status === 415 || status === 422 ? 400 : status, CODES[code], message);
}

export function sendFailure(reply: FastifyReply, failure: RelationshipFailure): FastifyReply {
  if (failure.tuple !== undefined) return sendCode(reply, 400, TUPLE_CODES[failure.tuple], failure.message);
  return sendError(reply, toRefusal(failure.code, failure.message));
}

export function sendCode(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ code, message });
}
