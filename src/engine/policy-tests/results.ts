import type { Json } from '../../core/entity.ts';
import type { Explanation } from '../explain.ts';
import type { Skipped } from './suite.ts';

/** What became of one suite. */
export interface SuiteResult {
  /** Its path. */
  readonly file: string;
  readonly name: string;
  readonly description?: string;
  /** The whole suite could not be run: why. */
  readonly error?: string;
  readonly skipped?: Skipped;
  readonly cases: readonly CaseResult[];
}

/** One action of one combination. */
export interface CaseResult {
  readonly test: string;
  /** What was asked, in names of the suite, outermost first. */
  readonly path: readonly string[];
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'skipped'; readonly because: string }
  /** It could not be decided. */
  | { readonly kind: 'errored'; readonly message: string }
  | { readonly kind: 'failed'; readonly differences: readonly Difference[]; readonly explanation?: Explanation };

/** What was expected and what came instead; without `actual` nothing did. */
export interface Difference {
  /** `effect`, `reason`, the source of an output, the name of a list. */
  readonly of: string;
  readonly expected: Json;
  readonly actual?: Json;
}

/** How many there are of each kind; a suite that could not be run counts as one error. */
export function tally(suites: readonly SuiteResult[]): { readonly [kind in Outcome['kind']]: number } {
  const counts = { passed: 0, failed: 0, errored: 0, skipped: 0 };
  for (const { error, skipped, cases } of suites) {
    if (error !== undefined) counts.errored += 1;
    if (skipped !== undefined) counts.skipped += 1;
    for (const { outcome } of cases) counts[outcome.kind] += 1;
  }
  return counts;
}
