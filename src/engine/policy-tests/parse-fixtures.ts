import type { Attributes } from '../../core/entity.ts';
import type { Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYaml, type YamlValue } from '../../core/yaml-value.ts';
import type { SourceFile } from '../bundles/publish.ts';
import type { CerbosPrincipal, CerbosResource } from '../cerbos.ts';
import { nonEmpty, protoFields, uniqueNames } from './proto-fields.ts';
import { type Fixtures, NO_FIXTURES } from './suite.ts';

/** The keys of a suite under which fixtures stand. */
export const FIXTURE_KEYS = ['principals', 'principalGroups', 'resources', 'resourceGroups', 'auxData'] as const;

/** Names of the files in `testdata` and what each may hold; the first spelling that is there counts (Cerbos). */
const SHARED: readonly (readonly [names: readonly string[], keys: readonly (typeof FIXTURE_KEYS)[number][]])[] = [
  [['principals'], ['principals', 'principalGroups']],
  [['resources'], ['resources', 'resourceGroups']],
  [['auxdata', 'auxData', 'aux_data'], ['auxData']],
];
const EXTENSIONS = ['yaml', 'yml', 'json'];

/** The fixtures that the suites of a directory share: `testdata/{principals,resources,auxdata}` beside them. */
export function parseSharedFixtures(
  directory: string,
  files: readonly SourceFile[],
): Result<Fixtures, readonly Problem[]> {
  const problems: Problem[] = [];
  let fixtures = NO_FIXTURES;
  for (const [names, keys] of SHARED) {
    const paths = names.flatMap((name) => EXTENSIONS.map((extension) => `${directory}testdata/${name}.${extension}`));
    const file = paths.map((path) => files.find((one) => one.path === path)).find((one) => one !== undefined);
    if (file === undefined) continue;
    const root = readYaml(file, problems);
    if (root === undefined) continue;
    const read = readFixtures(protoFields(root, [...keys, '$schema']));
    checkGroups(root, read, read);
    fixtures = { ...fixtures, ...Object.fromEntries(keys.map((key) => [key, read[key]])) };
  }
  return problems.length > 0 ? err(problems) : ok(fixtures);
}

/** The fixtures among the fields of a suite or shared file. */
export function readFixtures(fields: ReadonlyMap<string, YamlValue>): Fixtures {
  return {
    principals: byName(fields.get('principals'), readPrincipal),
    principalGroups: byName(fields.get('principalGroups'), (value) => readGroup(value, 'principals')),
    resources: byName(fields.get('resources'), readResource),
    resourceGroups: byName(fields.get('resourceGroups'), (value) => readGroup(value, 'resources')),
    auxData: byName(fields.get('auxData'), readAuxData),
  };
}

/** Every member of a group must be a fixture. */
export function checkGroups(at: YamlValue, groups: Fixtures, known: Fixtures): void {
  const check = (kind: 'principal' | 'resource', isKnown: (name: string) => boolean): void => {
    for (const [group, members] of groups[`${kind}Groups`]) {
      for (const member of members) {
        if (!isKnown(member)) {
          at.fail(`the group ${group} names a ${kind} that is not there`, { found: member, expected: 'a fixture' });
        }
      }
    }
  };
  check('principal', (name) => known.principals.has(name));
  check('resource', (name) => known.resources.has(name));
}

function byName<T>(value: YamlValue | undefined, read: (value: YamlValue) => T | undefined): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [name, item] of value?.named() ?? []) {
    const one = read(item);
    if (one !== undefined) found.set(name, one);
  }
  return found;
}

function readPrincipal(value: YamlValue): CerbosPrincipal | undefined {
  const fields = protoFields(value, ['id', 'policyVersion', 'roles', 'attr', 'scope'], ['id']);
  const id = nonEmpty(fields.get('id'), 'an id');
  const roles = uniqueNames(fields.get('roles'), 'a list of roles');
  if (id === undefined) return undefined;
  return { id, roles, ...readPlaced(fields) };
}

function readResource(value: YamlValue): CerbosResource | undefined {
  const fields = protoFields(value, ['id', 'kind', 'policyVersion', 'attr', 'scope'], ['id', 'kind']);
  const id = nonEmpty(fields.get('id'), 'an id');
  const kind = nonEmpty(fields.get('kind'), 'a kind of resource');
  if (id === undefined || kind === undefined) return undefined;
  return { id, kind, ...readPlaced(fields) };
}

function readPlaced(fields: ReadonlyMap<string, YamlValue>) {
  const version = fields.get('policyVersion');
  const policyVersion = version?.string('a policy version');
  if (policyVersion !== undefined && !/^\w*$/.test(policyVersion)) version?.mistyped('letters, digits and _');
  const scope = fields.get('scope')?.string('a scope');
  const attr = fields.get('attr');
  const attributes = attr === undefined ? undefined : readMap(attr);
  return {
    ...(policyVersion === undefined ? undefined : { policyVersion }),
    ...(scope === undefined ? undefined : { scope }),
    ...(attributes === undefined ? undefined : { attr: attributes }),
  };
}

function readGroup(value: YamlValue, key: 'principals' | 'resources'): readonly string[] | undefined {
  const list = protoFields(value, [key], [key]).get(key);
  const members = uniqueNames(list, `a list of ${key}`);
  if (members.length === 0) list?.fail(`${key} is empty`, { expected: 'one at least' });
  return members;
}

function readAuxData(value: YamlValue): Attributes | undefined {
  const jwt = protoFields(value, ['jwt']).get('jwt');
  return jwt === undefined ? {} : { jwt: readMap(jwt) ?? {} };
}

/** A map of names to JSON values. */
export function readMap(value: YamlValue): Attributes | undefined {
  const json = value.json();
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Attributes)
    : value.mistyped('a map of names to values');
}
