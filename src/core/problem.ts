/**
 * Something wrong in what a person wrote: a model, a policy, a delegation file, a request.
 * Says where it stands, what was found and what would be right.
 */
export interface Problem {
  /** What is wrong, one sentence, without the place. */
  readonly message: string;
  /** File path as the reader knows it (relative to the directory given), if there is a file. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** The offending text or value, shortened. */
  readonly found?: string;
  /** What would have been accepted. */
  readonly expected?: string;
}

/** `file:line:column: message (found …; expected …)`, the form that editors and people can jump to. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  const detail = [
    problem.found === undefined ? undefined : `found ${problem.found}`,
    problem.expected === undefined ? undefined : `expected ${problem.expected}`,
  ].filter((part) => part !== undefined);
  const tail = detail.length === 0 ? '' : ` (${detail.join('; ')})`;
  return `${place === '' ? '' : `${place}: `}${problem.message}${tail}`;
}
