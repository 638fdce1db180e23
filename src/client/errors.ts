/** RFC 9457, as Behalf's own API answers it. */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly FieldError[];
  /** What is wrong in the files of a bundle. */
  readonly problems?: readonly SourceProblem[];
  readonly request_id?: string;
}

/** A mistake in a file; line and column count from 1. */
export interface SourceProblem {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly found?: string;
  readonly expected?: string;
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
  readonly asked?: string;
  readonly allowed?: string;
}

/**
 * The question was not answered. Never an allow: whoever catches it treats it as a denial.
 *
 * `code` is the server's (`forbidden`, `not_found`, `exceeds_parent`, …), or the client's own: `unreachable`,
 * `timeout`, `malformed_answer`.
 */
export class BehalfError extends Error {
  override readonly name = 'BehalfError';
  readonly code: string;
  /** The HTTP status; absent where no answer came. */
  readonly status: number | undefined;
  readonly problem: Problem | undefined;

  constructor(
    code: string,
    message: string,
    details: { readonly status?: number; readonly problem?: Problem; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.problem = details.problem;
  }
}
