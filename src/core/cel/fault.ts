import { EvaluationError } from '@marcbachmann/cel-js';
import type { LimitName } from '../limits.ts';

/** A limit that stopped an evaluation. Thrown inside this room only; a program turns it into an outcome. */
export class LimitReached extends Error {
  readonly limit: LimitName;

  constructor(limit: LimitName) {
    super(`the limit ${limit} was reached`);
    this.limit = limit;
  }
}

/** Ends the evaluation of the innermost expression with a CEL error, which `&&` and `||` may absorb. */
export function fail(message: string): never {
  throw new EvaluationError(message);
}

/** What went wrong, in one line, of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof EvaluationError) return plain(thrown.summary);
  if (thrown instanceof RangeError) return 'the expression needs more memory or depth than an evaluation may take';
  if (thrown instanceof Error) return plain(thrown.message);
  return `something that is not an error was thrown: ${typeof thrown}`;
}

/** Functions that replace the library's carry a digit before their name, which nobody needs to see. */
export function plain(message: string): string {
  const line = message.split('\n', 1)[0] ?? message;
  return line.replace(/\b0(?=[A-Za-z])/g, '');
}
