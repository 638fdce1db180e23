import { writeFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { formatProblem } from '../core/problem.ts';
import { type SuiteResult, tally } from '../engine/policy-tests/results.ts';
import { isTestFile, runTests } from '../engine/run-tests.ts';
import { CommandError, EXIT, printJson, printProblems } from './command.ts';
import { junitXml } from './junit.ts';
import { counted } from './layout.ts';
import { readSources } from './read-sources.ts';
import type { Terminal } from './terminal.ts';
import { placesOf, surroundingsOf } from './test-places.ts';
import { describeResults, resultsJson } from './test-report.ts';

interface TestRun {
  readonly junit?: string | undefined;
  readonly json: boolean;
  readonly now: number;
}

/** Runs the tests that the path, or else the configuration, names; answers the exit status. */
export function runTest(config: Config, path: string | undefined, options: TestRun, terminal: Terminal): number {
  const places = placesOf(config, path);
  const sources = readSources(places);
  if (!sources.ok) {
    printProblems(terminal, sources.error);
    return EXIT.fault;
  }
  const { files, delegations, inPlace } = sources.value;
  const inPlaceOf = (file: string): string => inPlace({ file, message: '' }).file ?? file;
  const selects = (file: string): boolean => places.only === undefined || places.only(inPlaceOf(file));
  if (!files.some((file) => isTestFile(file.path) && selects(file.path))) {
    throw new CommandError(
      `there is no test in ${[places.model.path, places.policies.path].filter(Boolean).join(' or ')}: tests are called *_test.yaml and *.fga.yaml`,
    );
  }
  const surroundings = surroundingsOf([...files, ...delegations], inPlace);
  const ran = runTests(files, surroundings, options.now, selects);
  if (!ran.ok) {
    for (const problem of ran.error) terminal.out(formatProblem(inPlace(problem)));
    terminal.out(terminal.paint('bad', `\n${counted(ran.error.length, 'error')}: nothing can be tested`));
    return EXIT.no;
  }
  const results = ran.value.map((suite): SuiteResult => ({ ...suite, file: inPlaceOf(suite.file) }));
  if (options.junit !== undefined) write(options.junit, junitXml(results));
  if (options.json) printJson(terminal, resultsJson(results));
  else terminal.out(describeResults(results, terminal));
  const { failed, errored } = tally(results);
  return failed + errored === 0 ? EXIT.ok : EXIT.no;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (fault) {
    throw new CommandError(`${file} cannot be written: ${fault instanceof Error ? fault.message : fault}`);
  }
}
