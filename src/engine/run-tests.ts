import { isBundleFile } from '../core/bundle.ts';
import type { Problem } from '../core/problem.ts';
import { formatProblem } from '../core/problem.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type SourceFile, toBundleSource } from './bundles/publish.ts';
import { parseSharedFixtures } from './policy-tests/parse-fixtures.ts';
import { parseSuite } from './policy-tests/parse-suite.ts';
import type { SuiteResult } from './policy-tests/results.ts';
import { Bundles, runSuite } from './policy-tests/run-suite.ts';
import type { Surroundings } from './policy-tests/stage.ts';
import { NO_FIXTURES } from './policy-tests/suite.ts';
import { parseStoreTest } from './store-tests/parse-store-test.ts';
import { runStoreTest } from './store-tests/run-store-test.ts';

const SUITE = /_test\.(ya?ml|json)$/;
const STORE_TEST = /\.fga\.ya?ml$/;

/** Whether a file of the two directories is a test: a suite of Cerbos's, or a store test of OpenFGA's. */
export function isTestFile(path: string): boolean {
  return isSuite(path) || isStoreTest(path);
}

function isSuite(path: string): boolean {
  return SUITE.test(path) && !path.split('/').slice(0, -1).includes('testdata');
}

function isStoreTest(path: string): boolean {
  return STORE_TEST.test(path);
}

/**
 * Runs every test among the files of the model and policies directories, or those that `selects` picks, against the
 * bundle of the same files. The errors of the bundle, where it has any: then nothing can be tested.
 *
 * @param now milliseconds since 1970, where a test does not state its time
 */
export function runTests(
  files: readonly SourceFile[],
  surroundings: Surroundings,
  now: number,
  selects: (path: string) => boolean = () => true,
): Result<readonly SuiteResult[], readonly Problem[]> {
  const sources = files.filter(({ path }) => isBundleFile(path) && !isTestFile(path));
  const bundles = new Bundles(toBundleSource(sources));
  const bundle = bundles.under({});
  if (!bundle.ok) return bundle;
  const { model } = bundle.value;
  const chosen = files.filter(({ path }) => isTestFile(path) && selects(path));
  return ok(
    chosen.map((file): SuiteResult => {
      const ran = isStoreTest(file.path)
        ? testStore(file, (test) => runStoreTest(test, model, surroundings, now))
        : testPolicies(file, files, (suite, shared) => runSuite(suite, shared, bundles, surroundings, now));
      if (ran.ok) return ran.value;
      return {
        file: file.path,
        name: 'Unknown',
        error: ran.error.map((one) => formatProblem(surroundings.inPlace(one))).join('\n'),
        cases: [],
      };
    }),
  );
}

function testStore(
  file: SourceFile,
  run: (test: Parameters<typeof runStoreTest>[0]) => SuiteResult,
): Result<SuiteResult, readonly Problem[]> {
  const test = parseStoreTest(file);
  return test.ok ? ok(run(test.value)) : test;
}

function testPolicies(
  file: SourceFile,
  files: readonly SourceFile[],
  run: (suite: Parameters<typeof runSuite>[0], shared: Parameters<typeof runSuite>[1]) => SuiteResult,
): Result<SuiteResult, readonly Problem[]> {
  const directory = file.path.slice(0, file.path.lastIndexOf('/') + 1);
  const shared = parseSharedFixtures(directory, files);
  // Mistakes of the suite itself are told as well.
  const suite = parseSuite(file, shared.ok ? shared.value : NO_FIXTURES);
  if (!shared.ok) return err([...shared.error, ...(suite.ok ? [] : suite.error)]);
  return suite.ok ? ok(run(suite.value, shared.value)) : suite;
}
