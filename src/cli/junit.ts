import { type CaseResult, type SuiteResult, tally } from '../engine/policy-tests/results.ts';
import { explanationText } from '../wire/behalf/explanation-text.ts';
import { describeDifference } from './test-report.ts';

/** The results as the XML that build servers read (the schema of Jenkins' JUnit plug-in). */
export function junitXml(results: readonly SuiteResult[]): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${attributes(countsOf(results))}>`];
  for (const suite of results) {
    lines.push(`  <testsuite ${attributes({ name: suite.name, file: suite.file, ...countsOf([suite]) })}>`);
    // A suite that could not be run has no cases: one stands for it, or nobody would see that it failed.
    if (suite.error !== undefined) lines.push(...testCase(suite, 'the suite', element('error', suite.error)));
    if (suite.skipped !== undefined) {
      lines.push(...testCase(suite, 'the suite', element('skipped', undefined, suite.skipped.because)));
    }
    for (const one of suite.cases) {
      lines.push(...testCase(suite, `${one.test}: ${one.path.join(' · ')}`, outcomeOf(one)));
    }
    lines.push('  </testsuite>');
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function countsOf(results: readonly SuiteResult[]) {
  const { passed, failed, errored, skipped } = tally(results);
  return { tests: passed + failed + errored + skipped, failures: failed, errors: errored, skipped };
}

function testCase({ name, file }: SuiteResult, title: string, inside: string): readonly string[] {
  const open = `    <testcase ${attributes({ name: title, classname: name, file })}`;
  return inside === '' ? [`${open}/>`] : [`${open}>`, inside, '    </testcase>'];
}

function outcomeOf({ outcome }: CaseResult): string {
  switch (outcome.kind) {
    case 'passed':
      return '';
    case 'skipped':
      return element('skipped', undefined, outcome.because);
    case 'errored':
      return element('error', outcome.message);
    case 'failed': {
      const differences = outcome.differences.map(describeDifference);
      const path = outcome.explanation === undefined ? [] : ['', explanationText(outcome.explanation)];
      return element('failure', [...differences, ...path].join('\n'), differences.join('; '));
    }
  }
}

function element(name: string, text: string | undefined, message = text?.split('\n')[0]): string {
  const open = `      <${name}${message === undefined || message === '' ? '' : ` ${attributes({ message })}`}`;
  return text === undefined ? `${open}/>` : `${open}>${escaped(text)}</${name}>`;
}

function attributes(values: { readonly [name: string]: string | number }): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`)
    .join(' ');
}

/** Control characters have no place in XML 1.0 at all (section 2.2). */
function escaped(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
