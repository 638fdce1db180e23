import type { Problem } from '../core/problem.ts';

/**
 * Why a use case refused: a closed list, so that each way out (HTTP, the command) maps it in one table.
 * A denial is not a failure: it is an answer.
 */
export type FailureCode =
  | 'invalid' // the request is malformed
  | 'actor_missing' // a human was named without an agent
  | 'forbidden' // the caller may not
  | 'not_found' // or the caller may not know of it
  | 'conflict' // what is asked contradicts what is stored
  | 'unprocessable' // well formed, but it cannot be
  | 'exceeds_parent' // a sub-delegation that is wider than its parent
  | 'idempotency_mismatch' // the key was used with another body
  | 'limit_exceeded'
  | 'deadline_exceeded' // the time of a batch was over before the item was decided
  | 'rate_limited' // the caller asks faster than its decisions may be recorded
  | 'log_unavailable'
  | 'store_unavailable';

export interface Failure {
  readonly code: FailureCode;
  /** One sentence for a person: what was wrong and what would be right. */
  readonly message: string;
  /** All the details there are, field by field. */
  readonly errors?: readonly FieldError[];
  /** Seconds after which it may be tried again, where that is known. */
  readonly retryAfterS?: number;
  /** What is wrong in the files that were sent, each with its place. */
  readonly problems?: readonly Problem[];
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
  readonly asked?: string;
  readonly allowed?: string;
}

export function failure(code: FailureCode, message: string, errors?: readonly FieldError[]): Failure {
  return errors === undefined ? { code, message } : { code, message, errors };
}

/** Whether it is the server's own, and not about one question: nothing that was asked for could be answered then. */
export function isFault({ code }: Failure): boolean {
  return code === 'log_unavailable' || code === 'store_unavailable' || code === 'rate_limited';
}
