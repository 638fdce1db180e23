import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { RelationshipFailure, RelationshipFault } from '../../engine/relationships/relationship-failure.ts';
import { type Refusal, type RefusalCode, toRefusal } from '../refusal.ts';

/** The body of an error (OpenFGA API, `ValidationErrorMessageResponse` and its siblings). */
const ERROR = Type.Object({ code: Type.String(), message: Type.String() });
export const ERRORS = { '4xx': ERROR, '5xx': ERROR } as const;

/** OpenFGA's codes, as its SDKs list them, for what a request may be refused for. */
const CODES: { readonly [code in RefusalCode]: string } = {
  invalid: 'validation_error',
  actor_missing: 'validation_error',
  unauthenticated: 'unauthenticated',
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
  rate_limited: 'rate_limit_exceeded',
  internal: 'internal_error',
  deadline_exceeded: 'deadline_exceeded',
  log_unavailable: 'unavailable',
  store_unavailable: 'unavailable',
};

/** OpenFGA's codes for faults (openfga/openfga, pkg/server/errors); 400 all of them, but for the deadline. */
const FAULT_CODES: { readonly [fault in RelationshipFault]: string } = {
  invalid_tuple: 'invalid_tuple',
  type_not_found: 'type_not_found',
  relation_not_found: 'relation_not_found',
  nothing_to_write: 'invalid_write_input',
  duplicate: 'cannot_allow_duplicate_tuples_in_one_request',
  exists: 'write_failed_due_to_invalid_input',
  too_many: 'exceeded_entity_limit',
  too_complex: 'authorization_model_resolution_too_complex',
  deadline_exceeded: 'deadline_exceeded',
  cancelled: 'cancelled',
  no_model: 'latest_authorization_model_not_found',
  model_not_found: 'authorization_model_not_found',
  invalid_model: 'invalid_authorization_model',
  no_types: 'type_definitions_too_few_items',
  invalid_token: 'invalid_continuation_token',
  other_token: 'query_string_type_continuation_token_mismatch',
  invalid_start_time: 'invalid_start_time',
  invalid_page_size: 'page_size_invalid',
};

/** OpenFGA's code for a failure. */
export function codeOf({ code, fault }: RelationshipFailure): string {
  return fault === undefined ? CODES[code] : FAULT_CODES[fault];
}

/** OpenFGA knows no 415 and no 422 of its own: what is wrong with a request is 400 there. */
export function sendError(reply: FastifyReply, { code, status, message }: Refusal): FastifyReply {
  const missing = code === 'unauthenticated' && reply.request.headers.authorization === undefined;
  const name = missing ? 'bearer_token_missing' : CODES[code];
  return sendCode(reply, status === 415 || status === 422 ? 400 : status, name, message);
}

export function sendFailure(reply: FastifyReply, failure: RelationshipFailure): FastifyReply {
  if (failure.fault === undefined) return sendError(reply, toRefusal(failure.code, failure.message));
  const status = failure.fault === 'deadline_exceeded' ? 500 : 400;
  return sendCode(reply, status, FAULT_CODES[failure.fault], failure.message);
}

function sendCode(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ code, message });
}
