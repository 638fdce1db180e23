import { REASONS, type ReasonCode } from '../../core/decision.ts';
import { PROOFS } from '../../core/delegation/delegation.ts';
import { readDelegationList } from '../../core/delegation/parse-delegations.ts';
import type { Json } from '../../core/entity.ts';
import type { Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYaml, type YamlValue } from '../../core/yaml-value.ts';
import type { SourceFile } from '../bundles/publish.ts';
import { readSeed } from '../parse-seed.ts';
import { checkGroups, FIXTURE_KEYS, readFixtures, readMap } from './parse-fixtures.ts';
import { nonEmpty, protoFields, uniqueNames } from './proto-fields.ts';
import type { Effect, Expectation, Fixtures, Named, Skipped, Suite, TestOptions, TestTable, World } from './suite.ts';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a test suite (Cerbos, "Validating and testing policies"; its messages `TestSuite` and below), or says
 * everything that is wrong with its form. `shared` are the fixtures that groups may name besides the suite's own.
 */
export function parseSuite(file: SourceFile, shared: Fixtures): Result<Suite, readonly Problem[]> {
  const problems: Problem[] = [];
  const root = readYaml(file, problems);
  const suite = root === undefined ? undefined : readSuite(root, file.path, shared);
  if (problems.length > 0) return err(problems);
  return suite === undefined
    ? err([{ file: file.path, message: 'the suite is empty', expected: 'name, tests' }])
    : ok(suite);
}

function readSuite(root: YamlValue, file: string, shared: Fixtures): Suite | undefined {
  const keys = ['name', 'description', 'skip', 'skipReason', 'options', 'tests', ...FIXTURE_KEYS, 'behalf', '$schema'];
  const fields = protoFields(root, keys, ['name', 'tests']);
  const world = fields.get('behalf');
  const fixtures = readFixtures(fields);
  checkGroups(root, fixtures, {
    ...fixtures,
    principals: new Map([...shared.principals, ...fixtures.principals]),
    resources: new Map([...shared.resources, ...fixtures.resources]),
  });
  // Without a directory that may know them, a principal has the roles that are said, and Cerbos wants one at least.
  for (const [principal, { roles }] of world === undefined ? [...shared.principals, ...fixtures.principals] : []) {
    if (roles.length === 0) root.fail('a principal has no roles', { found: principal, expected: 'one role at least' });
  }
  const name = nonEmpty(fields.get('name'), 'a name');
  const list = fields.get('tests');
  const tests = list?.items('a list of tests')?.flatMap((item) => readTable(item) ?? []) ?? [];
  if (list !== undefined && list.items()?.length === 0) list.fail('tests is empty', { expected: 'one test at least' });
  const names = new Set<string>();
  for (const test of tests) {
    if (names.has(test.name)) root.fail('two tests have one name', { found: test.name, expected: 'another name' });
    names.add(test.name);
  }
  return {
    file,
    name: name ?? '',
    ...readDescription(fields),
    fixtures,
    ...(world === undefined ? undefined : { world: readWorld(world) }),
    tests,
  };
}

function readDescription(fields: ReadonlyMap<string, YamlValue>) {
  const description = fields.get('description')?.string();
  const skip = fields.get('skip')?.boolean() === true;
  const skipped: Skipped = { because: fields.get('skipReason')?.string() ?? '' };
  const options = fields.get('options');
  return {
    ...(description === undefined ? undefined : { description }),
    ...(skip ? { skipped } : undefined),
    ...(options === undefined ? undefined : { options: readOptions(options) }),
  };
}

function readOptions(value: YamlValue): TestOptions {
  const keys = ['now', 'lenientScopeSearch', 'globals', 'defaultPolicyVersion', 'defaultScope'];
  const fields = protoFields(value, keys);
  const now = fields.get('now');
  const text = now?.string('a time, like 2027-01-31T00:00:00Z');
  const at = text !== undefined && RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (text !== undefined && Number.isNaN(at)) now?.mistyped('a time with its zone, like 2027-01-31T00:00:00Z');
  const lenientScopeSearch = fields.get('lenientScopeSearch')?.boolean();
  const globals = fields.get('globals');
  const map = globals === undefined ? undefined : readMap(globals);
  const defaultPolicyVersion = fields.get('defaultPolicyVersion')?.string('a policy version');
  const defaultScope = fields.get('defaultScope')?.string('a scope');
  return {
    ...(Number.isNaN(at) ? undefined : { now: at }),
    ...(lenientScopeSearch === undefined ? undefined : { lenientScopeSearch }),
    ...(map === undefined ? undefined : { globals: map }),
    ...(defaultPolicyVersion === undefined ? undefined : { defaultPolicyVersion }),
    ...(defaultScope === undefined ? undefined : { defaultScope }),
  };
}

/** `behalf:`, which is ours: a seed and delegations, in files or in the suite. */
function readWorld(value: YamlValue): World {
  const fields = value.fields(['seed', 'entities', 'tuples', 'delegations']) ?? new Map<string, YamlValue>();
  const seedFile = fields.get('seed')?.string('the path of a seed');
  const delegations = fields.get('delegations');
  const path = typeof delegations?.scalar === 'string' ? delegations.scalar : undefined;
  return {
    ...(seedFile === undefined ? undefined : { seedFile }),
    seed: readSeed(fields),
    ...(path === undefined ? undefined : { delegationFiles: path }),
    delegations: delegations === undefined || path !== undefined ? [] : readDelegationList(delegations),
  };
}

const INPUT_KEYS = ['principals', 'principalGroups', 'resources', 'resourceGroups', 'actions', 'auxData'];
const OUR_INPUT_KEYS = ['onBehalfOf', 'sessions', 'context', 'proof'];

function readTable(value: YamlValue): TestTable | undefined {
  const keys = ['name', 'description', 'skip', 'skipReason', 'input', 'expected', 'options'];
  const fields = protoFields(value, keys, ['name', 'input', 'expected']);
  const name = nonEmpty(fields.get('name'), 'a name');
  const input = fields.get('input');
  const list = fields.get('expected');
  const expected = list?.items('a list of expectations')?.flatMap((item) => readExpectation(item)) ?? [];
  if (list?.items()?.length === 0) list.fail('expected is empty', { expected: 'one expectation at least' });
  if (name === undefined || input === undefined) return undefined;
  const given = protoFields(input, [...INPUT_KEYS, ...OUR_INPUT_KEYS], ['actions']);
  const principals = readNamed(input, given, 'principal', false);
  const resources = readNamed(input, given, 'resource', false);
  const actions = uniqueNames(given.get('actions'), 'a list of actions');
  if (given.has('actions') && actions.length === 0) input.fail('actions is empty', { expected: 'one action at least' });
  const auxData = given.get('auxData')?.string('the name of aux data');
  const onBehalfOf = readOrigins(given.get('onBehalfOf'));
  const context = given.get('context');
  const map = context === undefined ? undefined : readMap(context);
  const proof = given.get('proof');
  const known = PROOFS.find((one) => one === proof?.scalar);
  if (proof !== undefined && known === undefined) proof.mistyped(PROOFS.join(', '));
  return {
    name,
    ...readDescription(fields),
    principals,
    resources,
    actions,
    ...(auxData === undefined || auxData === '' ? undefined : { auxData }),
    ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
    sessions: uniqueNames(given.get('sessions'), 'a list of names of delegations'),
    ...(map === undefined ? undefined : { context: map }),
    ...(known === undefined ? undefined : { proof: known }),
    expected,
  };
}

function readExpectation(value: YamlValue): Expectation {
  const one = (name: string) => [name, `${name}s`, `${name}Groups`];
  const keys = [...one('principal'), ...one('resource'), 'actions', 'outputs', 'onBehalfOf', 'reasons'];
  const fields = protoFields(value, keys, ['actions']);
  const actions = new Map<string, Effect>();
  for (const [action, effect] of fields.get('actions')?.named() ?? []) {
    const { scalar } = effect;
    if (scalar === 'EFFECT_ALLOW' || scalar === 'EFFECT_DENY') actions.set(action, scalar);
    else effect.mistyped('EFFECT_ALLOW or EFFECT_DENY');
  }
  const effects = fields.get('actions');
  if (effects?.named()?.length === 0) effects.fail('actions is empty', { expected: 'one action at least' });
  const reasons = new Map<string, ReasonCode>();
  for (const [action, reason] of fields.get('reasons')?.named() ?? []) {
    const known = REASONS.find((code) => code === reason.scalar);
    if (known === undefined) reason.mistyped(`a reason: ${REASONS.join(', ')}`);
    else reasons.set(action, known);
  }
  const onBehalfOf = readOrigins(fields.get('onBehalfOf'));
  return {
    principals: readNamed(value, fields, 'principal', true),
    resources: readNamed(value, fields, 'resource', true),
    ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
    actions,
    outputs: readOutputs(fields.get('outputs')),
    reasons,
  };
}

function readNamed(
  at: YamlValue,
  fields: ReadonlyMap<string, YamlValue>,
  what: 'principal' | 'resource',
  mayBeOne: boolean,
): Named {
  const single = mayBeOne ? fields.get(what)?.string(`the name of a ${what}`) : undefined;
  const names = uniqueNames(fields.get(`${what}s`), `a list of ${what}s`);
  const groups = uniqueNames(fields.get(`${what}Groups`), 'a list of groups');
  if (single !== undefined && single !== '' && names.length > 0) {
    at.fail(`${what} and ${what}s say the same in two ways`, { expected: 'one of them' });
  }
  const all = single === undefined || single === '' ? names : [single];
  if (all.length === 0 && groups.length === 0) {
    const expected = [...(mayBeOne ? [what] : []), `${what}s`, `${what}Groups`].join(' or ');
    at.fail(`no ${what} is named`, { expected });
  }
  return { names: all, groups };
}

/** One origin or a list of them. */
function readOrigins(value: YamlValue | undefined): Named | undefined {
  if (value === undefined) return undefined;
  const names = value.strings('a principal or a list of principals')?.map(({ text }) => text) ?? [];
  if (names.length === 0) value.fail('onBehalfOf is empty', { expected: 'a principal, or no such key' });
  return { names, groups: [] };
}

function readOutputs(value: YamlValue | undefined): ReadonlyMap<string, ReadonlyMap<string, Json>> {
  const outputs = new Map<string, ReadonlyMap<string, Json>>();
  for (const item of value?.items('a list of {action, expected}') ?? []) {
    const fields = protoFields(item, ['action', 'expected'], ['action', 'expected']);
    const action = nonEmpty(fields.get('action'), 'an action');
    const list = fields.get('expected');
    const entries = new Map<string, Json>();
    for (const entry of list?.items('a list of {src, val}') ?? []) {
      const output = protoFields(entry, ['src', 'val', 'action', 'error'], ['src']);
      const src = output.get('src')?.string('policy#rule');
      if (src !== undefined) entries.set(src, output.get('val')?.json() ?? null);
    }
    if (list?.items()?.length === 0) list.fail('expected is empty', { expected: 'one output at least' });
    if (action !== undefined) outputs.set(action, entries);
  }
  return outputs;
}
