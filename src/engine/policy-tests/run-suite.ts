import { compileBundle } from '../../core/bundle.ts';
import type { BundleSource } from '../../core/change.ts';
import type { Attributes, EntityId, Json } from '../../core/entity.ts';
import { formatProblem, type Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Settings } from '../../core/settings.ts';
import type { Bundle } from '../../core/snapshot.ts';
import { type Element, Names, toMatrix } from './matrix.ts';
import type { CaseResult, Difference, Outcome, SuiteResult } from './results.ts';
import { type Decided, decideAll, entityOf, type Scene } from './run-case.ts';
import { type Stage, type Surroundings, setStage } from './stage.ts';
import type { Fixtures, Suite, TestOptions, TestTable } from './suite.ts';

const UNSTATED_TIME = 'a condition asks for the time, and the test does not say what time it is (options: now)';

/** Bundles of the tested sources under the settings of a test. */
export class Bundles {
  private readonly source: BundleSource;
  private readonly compiled = new Map<string, Result<Bundle, readonly Problem[]>>();

  constructor(source: BundleSource) {
    this.source = source;
  }

  under(options: TestOptions): Result<Bundle, readonly Problem[]> {
    const { lenientScopeSearch, globals, defaultPolicyVersion: version } = options;
    const instead: Partial<Settings> = {
      ...(lenientScopeSearch === undefined ? undefined : { lenientScopeSearch }),
      ...(globals === undefined || Object.keys(globals).length === 0 ? undefined : { globals }),
      ...(version === undefined || version === '' ? undefined : { defaultVersion: version }),
    };
    const key = JSON.stringify(instead);
    let bundle = this.compiled.get(key);
    if (bundle === undefined) {
      bundle = compileBundle(this.source, instead);
      this.compiled.set(key, bundle);
    }
    return bundle;
  }
}

/**
 * Runs a suite as `cerbos compile` does: every principal with every resource and action of every test; what is not
 * expected to be allowed is expected to be denied. Nothing of it reaches a store.
 *
 * @param clock milliseconds since 1970, for windows of delegations where a test does not state its time
 */
export function runSuite(
  suite: Suite,
  shared: Fixtures,
  bundles: Bundles,
  surroundings: Surroundings,
  clock: number,
): SuiteResult {
  const { file, name, description, skipped } = suite;
  const head = { file, name, ...(description === undefined ? undefined : { description }) };
  if (skipped !== undefined) return { ...head, skipped, cases: [] };
  const names = new Names(suite, shared);
  const cases: CaseResult[] = [];
  for (const table of suite.tests) {
    const ran = runTable(table, suite, names, bundles, surroundings, clock);
    if (!ran.ok) return { ...head, error: `the test "${table.name}" cannot be run: ${ran.error}`, cases: [] };
    cases.push(...ran.value);
  }
  return { ...head, cases };
}

function runTable(
  table: TestTable,
  suite: Suite,
  names: Names,
  bundles: Bundles,
  surroundings: Surroundings,
  clock: number,
): Result<readonly CaseResult[], string> {
  const matrix = toMatrix(table, names);
  if (!matrix.ok) return matrix;
  const auxData = table.auxData === undefined ? undefined : names.auxData(table.auxData);
  if (auxData?.ok === false) return auxData;
  const { skipped } = table;
  if (skipped !== undefined) {
    return ok(spread(matrix.value, table, () => ({ kind: 'skipped', because: skipped.because })));
  }
  // A test's own options replace those of the suite, all of them (Cerbos).
  const options = table.options ?? suite.options ?? {};
  const bundle = bundles.under(options);
  if (!bundle.ok) return err(lines(bundle.error, surroundings));
  const now = options.now ?? clock;
  const sessions = { names: table.sessions, origins: originsOf(matrix.value, names, bundle.value) };
  const stage = setStage(suite, bundle.value, now, sessions, surroundings);
  if (!stage.ok) return err(lines(stage.error, surroundings));
  return ok(
    matrix.value.flatMap((element) => runElement(element, table, options, names, stage.value, auxData?.value, now)),
  );
}

function runElement(
  element: Element,
  table: TestTable,
  options: TestOptions,
  names: Names,
  stage: Stage,
  auxData: Attributes | undefined,
  now: number,
): readonly CaseResult[] {
  const scene = toScene(element, names, auxData);
  const decided = scene.ok ? decideAll(scene.value, table, options, stage.snapshot, now) : scene;
  if (!decided.ok) return spread([element], table, () => ({ kind: 'errored', message: decided.error }));
  if (options.now === undefined && decided.value.some(({ askedTime }) => askedTime)) {
    return spread([element], table, () => ({ kind: 'errored', message: UNSTATED_TIME }));
  }
  return spread([element], table, (action, index) => {
    const one = decided.value[index];
    return one === undefined ? { kind: 'errored', message: 'there was no decision' } : outcomeOf(action, element, one);
  });
}

function toScene(element: Element, names: Names, auxData: Attributes | undefined): Result<Scene, string> {
  const principal = names.principal(element.principal);
  if (!principal.ok) return principal;
  const origin = element.origin === undefined ? undefined : names.principal(element.origin);
  if (origin?.ok === false) return origin;
  const resource = names.resource(element.resource);
  if (!resource.ok) return resource;
  return ok({
    principal: principal.value,
    ...(origin === undefined ? undefined : { origin: origin.value }),
    resource: resource.value,
    ...(auxData === undefined ? undefined : { auxData }),
  });
}

function originsOf(matrix: readonly Element[], names: Names, bundle: Bundle): readonly EntityId[] {
  const origins = new Set<EntityId>();
  for (const { principal, origin } of matrix) {
    const fixture = names.principal(origin ?? principal);
    const entity = fixture.ok ? entityOf(fixture.value, bundle) : fixture;
    // Without a session to open, what is wrong with a name is told of the combination that has it.
    if (entity.ok) origins.add(entity.value);
  }
  return [...origins];
}

function outcomeOf(action: string, { expected }: Element, { decision, explain }: Decided): Outcome {
  const differences: Difference[] = [];
  const wanted = expected.actions.get(action) ?? 'EFFECT_DENY';
  const actual = decision.allowed ? 'EFFECT_ALLOW' : 'EFFECT_DENY';
  if (wanted !== actual) differences.push({ of: 'effect', expected: wanted, actual });
  const reason = expected.reasons.get(action);
  if (reason !== undefined && !decision.reasons.includes(reason)) {
    differences.push({ of: 'reason', expected: reason, actual: decision.reasons.join(', ') });
  }
  // Of an effect that is wrong, the outputs tell nothing (Cerbos looks at them no more).
  if (wanted === actual) differences.push(...outputDifferences(expected.outputs.get(action), decision));
  return differences.length === 0 ? { kind: 'passed' } : { kind: 'failed', differences, explanation: explain() };
}

function outputDifferences(
  wanted: ReadonlyMap<string, Json> | undefined,
  { chain }: Decided['decision'],
): readonly Difference[] {
  if (wanted === undefined) return [];
  const [origin] = chain?.steps ?? [];
  const outputs = origin?.kind === 'principal' ? (origin.policy?.outputs ?? []) : [];
  const actual = new Map(outputs.map(({ src, val }) => [src, val]));
  return [...wanted].flatMap(([src, expected]): Difference[] => {
    const val = actual.get(src);
    if (val === undefined) return [{ of: `output ${src}`, expected }];
    return sameJson(expected, val) ? [] : [{ of: `output ${src}`, expected, actual: val }];
  });
}

/** Equal as JSON: whatever the order of members. */
function sameJson(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [one, other] = [Object.entries(left), new Map<string, Json>(Object.entries(right))];
  return (
    one.length === other.size &&
    one.every(([key, value]) => {
      const theirs = other.get(key);
      return theirs !== undefined && sameJson(value as Json, theirs);
    })
  );
}

function spread(
  elements: readonly Element[],
  { name, actions }: TestTable,
  outcome: (action: string, index: number) => Outcome,
): readonly CaseResult[] {
  return elements.flatMap(({ principal, origin, resource }) =>
    actions.map((action, index) => ({
      test: name,
      path: [origin === undefined ? principal : `${principal} for ${origin}`, resource, action],
      outcome: outcome(action, index),
    })),
  );
}

function lines(problems: readonly Problem[], { inPlace }: Surroundings): string {
  return problems.map((problem) => formatProblem(inPlace(problem))).join('\n');
}
