import { Budget } from '../../core/limits.ts';
import type { Model } from '../../core/model/model.ts';
import { parseModel } from '../../core/model/parse-model.ts';
import { parseModelJson } from '../../core/model/parse-model-json.ts';
import { formatProblem, type Problem } from '../../core/problem.ts';
import { listObjects } from '../../core/relationships/list-objects.ts';
import { listUsers } from '../../core/relationships/list-users.ts';
import type { Relationship, UnknownCause } from '../../core/relationships/membership.ts';
import { membership } from '../../core/relationships/membership-check.ts';
import { TupleIndex } from '../../core/relationships/tuple-index.ts';
import { validateKey, validateTuple } from '../../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYaml } from '../../core/yaml-value.ts';
import type { SourceFile } from '../bundles/publish.ts';
import type { CaseResult, Outcome, SuiteResult } from '../policy-tests/results.ts';
import type { Surroundings } from '../policy-tests/stage.ts';
import { parseTupleFile } from './parse-tuple-file.ts';
import type { StoreTest, StoreTestCase, Tuples } from './store-test.ts';

/**
 * Runs a store test as OpenFGA's `fga model test` does, on the relationship layer alone.
 *
 * @param fallback the model beside the tests, for a test that names none
 * @param now milliseconds since 1970
 */
export function runStoreTest(
  test: StoreTest,
  fallback: Model | undefined,
  surroundings: Surroundings,
  now: number,
): SuiteResult {
  const head = { file: test.file, name: test.name };
  const model = modelOf(test, fallback, surroundings);
  if (!model.ok) return { ...head, error: model.error, cases: [] };
  const shared = tuplesOf(test.file, test.tuples, model.value, surroundings);
  if (!shared.ok) return { ...head, error: shared.error, cases: [] };
  const cases: CaseResult[] = [];
  for (const one of test.tests) {
    const own = tuplesOf(test.file, one.tuples, model.value, surroundings);
    if (!own.ok) return { ...head, error: `the test "${one.name}" cannot be run: ${own.error}`, cases: [] };
    const tuples = new TupleIndex();
    for (const tuple of [...shared.value, ...own.value]) tuples.add(tuple);
    cases.push(...runCase(one, model.value, tuples, now));
  }
  return { ...head, cases };
}

function modelOf(test: StoreTest, fallback: Model | undefined, surroundings: Surroundings): Result<Model, string> {
  if (test.model === undefined) {
    return fallback === undefined ? err('there is no model: name one with model or model_file') : ok(fallback);
  }
  let files: readonly SourceFile[];
  if ('text' in test.model) files = [{ path: test.file, text: test.model.text }];
  else {
    const found = modelFiles(test.file, test.model.path, surroundings);
    if (!found.ok) return found;
    files = found.value;
  }
  const isJson = 'path' in test.model && test.model.path.endsWith('.json');
  const parsed = isJson ? parseModelText(files[0]?.text ?? '') : parseModel(files);
  return parsed.ok ? parsed : err(`the model has errors:\n${lines(parsed.error, surroundings)}`);
}

/** A model in OpenFGA's JSON form. */
function parseModelText(text: string): Result<Model, readonly Problem[]> {
  try {
    return parseModelJson(JSON.parse(text));
  } catch (fault) {
    return err([{ message: `not JSON: ${fault instanceof Error ? fault.message : fault}` }]);
  }
}

/** A model by itself, or the modules that an `fga.mod` lists. */
function modelFiles(from: string, path: string, surroundings: Surroundings): Result<readonly SourceFile[], string> {
  const named = surroundings.files(from, path);
  if (!named.ok || !path.endsWith('.mod')) return named;
  const [manifest] = named.value;
  const problems: Problem[] = [];
  const root = manifest === undefined ? undefined : readYaml(manifest, problems);
  const contents = root?.fields(['schema', 'contents'], ['contents'])?.get('contents')?.strings('a list of paths');
  if (problems.length > 0 || manifest === undefined)
    return err(`the module list has errors:\n${lines(problems, surroundings)}`);
  const files: SourceFile[] = [];
  for (const { text } of contents ?? []) {
    const found = surroundings.files(manifest.path, text);
    if (!found.ok) return found;
    files.push(...found.value);
  }
  return ok(files);
}

function tuplesOf(
  from: string,
  { inline, files }: Tuples,
  model: Model,
  surroundings: Surroundings,
): Result<readonly Relationship[], string> {
  const tuples = [...inline];
  for (const path of files) {
    const found = surroundings.files(from, path);
    if (!found.ok) return found;
    for (const file of found.value) {
      const parsed = parseTupleFile(file);
      if (!parsed.ok) return err(`the tuples have errors:\n${lines(parsed.error, surroundings)}`);
      tuples.push(...parsed.value);
    }
  }
  const faults = tuples.flatMap((tuple) => validateTuple(tuple, model)?.message ?? []);
  return faults.length === 0 ? ok(tuples) : err(`the model does not take these tuples:\n${faults.join('\n')}`);
}

function runCase(one: StoreTestCase, model: Model, tuples: TupleIndex, now: number): readonly CaseResult[] {
  const host = () => ({ now, budget: new Budget() });
  const cases: CaseResult[] = [];
  const add = (path: readonly string[], outcome: Outcome): void => void cases.push({ test: one.name, path, outcome });
  for (const { users, objects, context, assertions } of one.checks) {
    for (const user of users) {
      for (const object of objects) {
        for (const [relation, expected] of assertions) {
          const fault = validateKey({ user, relation, object }, model);
          const answer = fault ?? membership({ subject: user, relation, object, context }, model, tuples, host());
          add([user, relation, object], checkOutcome(answer, expected));
        }
      }
    }
  }
  for (const { user, type, context, assertions } of one.listObjects) {
    for (const [relation, expected] of assertions) {
      const fault = validateKey({ user, relation, object: `${type}:any` }, model);
      const path = ['list_objects', user, relation, type];
      if (fault !== undefined) add(path, { kind: 'errored', message: fault.message });
      else {
        const found = listObjects({ subject: user, relation, type, context }, model, tuples, host());
        add(path, listOutcome('objects', found.objects, found.unknown, expected));
      }
    }
  }
  for (const { object, filter, context, assertions } of one.listUsers) {
    for (const [relation, expected] of assertions) {
      const fault = validateKey({ user: `${filter.type}:any`, relation, object }, model);
      const who = filter.relation === undefined ? filter.type : `${filter.type}#${filter.relation}`;
      const path = ['list_users', object, relation, who];
      if (fault !== undefined) add(path, { kind: 'errored', message: fault.message });
      else {
        const found = listUsers({ object, relation, filter, context }, model, tuples, host());
        add(path, listOutcome('users', found.users, found.unknown, expected));
      }
    }
  }
  return cases;
}

function checkOutcome(
  answer: ReturnType<typeof membership> | NonNullable<ReturnType<typeof validateKey>>,
  expected: boolean,
): Outcome {
  if ('message' in answer) return { kind: 'errored', message: answer.message };
  const unknown = answer.kind === 'unknown' ? faultOf(answer.because) : undefined;
  if (unknown !== undefined) return { kind: 'errored', message: unknown };
  const actual = answer.kind === 'yes';
  return actual === expected
    ? { kind: 'passed' }
    : { kind: 'failed', differences: [{ of: 'relation', expected, actual }] };
}

function listOutcome(
  of: string,
  found: readonly string[],
  unknown: UnknownCause | undefined,
  expected: readonly string[],
): Outcome {
  const fault = unknown === undefined ? undefined : faultOf(unknown);
  if (fault !== undefined) return { kind: 'errored', message: fault };
  const [wanted, actual] = [[...new Set(expected)].sort(), [...found].sort()];
  return JSON.stringify(wanted) === JSON.stringify(actual)
    ? { kind: 'passed' }
    : { kind: 'failed', differences: [{ of, expected: wanted, actual }] };
}

/** Why nothing can be said; OpenFGA says no of what hangs on its own negation. */
function faultOf(because: UnknownCause): string | undefined {
  if (because.kind === 'limit') return `the limit ${because.limit} was reached`;
  return because.paradox === true ? undefined : because.message;
}

function lines(problems: readonly Problem[], { inPlace }: Surroundings): string {
  return problems.map((problem) => formatProblem(inPlace(problem))).join('\n');
}
