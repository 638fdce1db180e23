import type { Json } from '../core/entity.ts';
import { type CaseResult, type Difference, type SuiteResult, tally } from '../engine/policy-tests/results.ts';
import { explanationText } from '../wire/behalf/explanation-text.ts';
import { counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

/** Results for people: a line a file, and what went wrong below it, with the path of the decision. */
export function describeResults(results: readonly SuiteResult[], { paint }: Terminal): string {
  const blocks = results.map((suite) => {
    const { file, name, error, skipped, cases } = suite;
    const counts = tally([suite]);
    const isGood = counts.failed + counts.errored === 0;
    const mark = skipped !== undefined ? paint('quiet', '-') : isGood ? paint('good', '✓') : paint('bad', '✗');
    const lines = [`${mark} ${file}  ${name}  ${paint('quiet', `(${summary(counts)})`)}`];
    if (error !== undefined) lines.push(indented(error, 4));
    if (skipped !== undefined && skipped.because !== '') lines.push(indented(skipped.because, 4));
    for (const [test, wrong] of groupedByTest(cases.filter(isWrong))) {
      lines.push(`    ${test}`);
      for (const one of wrong) lines.push(describeCase(one, paint));
    }
    return lines.join('\n');
  });
  const counts = tally(results);
  const total = `${summary(counts)} in ${counted(results.length, 'file')}`;
  const isGood = counts.failed + counts.errored === 0;
  return `${blocks.join('\n')}\n\n${isGood ? paint('good', total) : paint('bad', total)}`;
}

function describeCase({ path, outcome }: CaseResult, paint: Terminal['paint']): string {
  const lines = [`      ${paint('bad', '✗')} ${path.join(' · ')}`];
  if (outcome.kind === 'errored') lines.push(indented(outcome.message, 10));
  if (outcome.kind === 'failed') {
    for (const difference of outcome.differences) lines.push(`          ${describeDifference(difference)}`);
    if (outcome.explanation !== undefined) lines.push('', indented(explanationText(outcome.explanation), 10), '');
  }
  return lines.join('\n');
}

export function describeDifference({ of, expected, actual }: Difference): string {
  const was = actual === undefined ? 'there was none' : `was ${told(actual)}`;
  return `${of}: expected ${told(expected)}, ${was}`;
}

function told(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function summary(counts: ReturnType<typeof tally>): string {
  const parts = [
    `${counts.passed} passed`,
    counts.failed > 0 ? `${counts.failed} failed` : '',
    counts.errored > 0 ? counted(counts.errored, 'error') : '',
    counts.skipped > 0 ? `${counts.skipped} skipped` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function isWrong({ outcome }: CaseResult): boolean {
  return outcome.kind === 'failed' || outcome.kind === 'errored';
}

function groupedByTest(cases: readonly CaseResult[]): ReadonlyMap<string, readonly CaseResult[]> {
  return Map.groupBy(cases, ({ test }) => test);
}

function indented(text: string, by: number): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`))
    .join('\n');
}

/** The same for programs: without the drawings. */
export function resultsJson(results: readonly SuiteResult[]): object {
  return {
    summary: tally(results),
    suites: results.map(({ cases, ...suite }) => ({
      ...suite,
      cases: cases.map(({ test, path, outcome }) => {
        if (outcome.kind !== 'failed') return { test, path, ...outcome };
        const { explanation, ...rest } = outcome;
        return {
          test,
          path,
          ...rest,
          ...(explanation === undefined ? undefined : { reasons: explanation.decision.reasons }),
        };
      }),
    })),
  };
}
