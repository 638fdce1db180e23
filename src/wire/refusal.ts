import type { FastifyReply } from 'fastify';
import type { Problem } from '../core/problem.ts';
import type { Failure, FailureCode, FieldError } from '../engine/failure.ts';
import { fieldErrors, isValidationFaults, summary } from './validation.ts';

/** What a door may answer besides what was asked for: the engine's failures and HTTP's own. */
export type RefusalCode =
  | FailureCode
  | 'unauthenticated'
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'no_such_route'
  | 'internal';

interface Row {
  readonly status: number;
  readonly title: string;
}

/** The one table from codes to HTTP (RFC 9110, section 15). Each door writes the result in its own format. */
const TABLE: { readonly [code in RefusalCode]: Row } = {
  invalid: { status: 400, title: 'The request is malformed' },
  actor_missing: { status: 400, title: 'No agent was named' },
  unauthenticated: { status: 401, title: 'No valid key' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  not_found: { status: 404, title: 'Not found' },
  no_such_route: { status: 404, title: 'No such route' },
  method_not_allowed: { status: 405, title: 'Not by this method' },
  conflict: { status: 409, title: 'In conflict with what is stored' },
  unsupported_media_type: { status: 415, title: 'Not JSON' },
  unprocessable: { status: 422, title: 'It cannot be' },
  exceeds_parent: { status: 422, title: 'Wider than the parent delegation' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key was used with another request' },
  limit_exceeded: { status: 422, title: 'A limit was exceeded' },
  rate_limited: { status: 429, title: 'Too many decisions' },
  internal: { status: 500, title: 'A fault of the server' },
  deadline_exceeded: { status: 504, title: 'The batch took too long' },
  log_unavailable: { status: 503, title: 'The decision log is not available' },
  store_unavailable: { status: 503, title: 'The store is not available' },
};

/** The caller was removed while its request was under way. */
export class RemovedCaller extends Error {
  constructor() {
    super('the key is not valid any more: its caller was removed');
  }
}

/** The one reason that an enforcement point can tell its own client: the agent that it named is none. */
export function reasonOf({ code }: Failure): { readonly reason?: 'actor_missing' } {
  return code === 'actor_missing' ? { reason: code } : {};
}

export interface Refusal {
  readonly code: RefusalCode;
  readonly status: number;
  readonly title: string;
  readonly message: string;
  readonly errors?: readonly FieldError[];
  /** Seconds, for Retry-After (RFC 9110, section 10.2.3). */
  readonly retryAfterS?: number;
  /** What is wrong in files that were sent. */
  readonly problems?: readonly Problem[];
}

/** What became of a request that is refused, with its status. */
export function toRefusal(code: RefusalCode, message: string, errors?: readonly FieldError[]): Refusal {
  return { code, ...TABLE[code], message, ...(errors === undefined ? undefined : { errors }) };
}

export function refusalOfFailure({ code, message, errors, problems, retryAfterS }: Failure): Refusal {
  return {
    ...toRefusal(code, message, errors),
    ...(problems === undefined ? undefined : { problems }),
    ...(retryAfterS === undefined ? undefined : { retryAfterS }),
  };
}

/** Says when to come again, where that is known. */
export function withRetryAfter(reply: FastifyReply, { retryAfterS }: Refusal): FastifyReply {
  return retryAfterS === undefined ? reply : reply.header('retry-after', String(retryAfterS));
}

/** A body that could not be read. */
export class BodyFault extends Error {
  override readonly name = 'BodyFault';
}

/** What Fastify throws at its error handler: faults of the request by their codes, everything else a bug of ours. */
export function refusalOfFault(fault: unknown): Refusal {
  if (fault instanceof RemovedCaller) return toRefusal('unauthenticated', fault.message);
  if (fault instanceof BodyFault) return toRefusal('invalid', fault.message);
  // The ports throw these for outages; their messages name the file, and only those who may look at it get there.
  if (fault instanceof Error && fault.name === 'LogError') return toRefusal('log_unavailable', fault.message);
  if (fault instanceof Error && fault.name === 'StoreError') return toRefusal('store_unavailable', fault.message);
  const { code, validation, validationContext } = (fault ?? {}) as {
    readonly code?: unknown;
    readonly validation?: unknown;
    readonly validationContext?: string;
  };
  if (isValidationFaults(validation)) {
    const errors = fieldErrors(validation);
    return toRefusal('invalid', `the ${validationContext ?? 'request'} is malformed: ${summary(errors)}`, errors);
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return {
        ...toRefusal('limit_exceeded', 'the body is larger than this server takes (limit bodyBytes)'),
        status: 413,
      };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return toRefusal('unsupported_media_type', 'the body must be JSON: send Content-Type: application/json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return toRefusal('invalid', 'the body has another length than Content-Length says');
    case 'FST_ERR_BAD_URL':
      return toRefusal('invalid', 'the path is not valid percent-encoding (RFC 3986, section 2.1)');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return toRefusal('invalid', 'a part of the path is longer than any name here');
    default:
      return toRefusal(
        'internal',
        'an unexpected fault of the server: its log tells more under the id of this request',
      );
  }
}
