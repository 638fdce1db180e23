import type { Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYaml, type YamlValue } from '../../core/yaml-value.ts';
import type { SourceFile } from '../bundles/publish.ts';
import { readSeed } from '../parse-seed.ts';
import type { Context, StoreTest, StoreTestCase, Tuples } from './store-test.ts';

type Fields = ReadonlyMap<string, YamlValue>;
const NONE: Fields = new Map();

/** Reads a store test, or says everything that is wrong with its form. */
export function parseStoreTest(file: SourceFile): Result<StoreTest, readonly Problem[]> {
  const problems: Problem[] = [];
  const root = readYaml(file, problems);
  const test = root === undefined ? undefined : readStoreTest(root, file.path);
  if (problems.length > 0) return err(problems);
  return test === undefined
    ? err([{ file: file.path, message: 'the file is empty', expected: 'model, tests' }])
    : ok(test);
}

const TUPLE_KEYS = ['tuples', 'tuple_file', 'tuple_files'];

function readStoreTest(root: YamlValue, file: string): StoreTest {
  const fields = root.fields(['name', 'model', 'model_file', ...TUPLE_KEYS, 'tests'], ['tests']) ?? NONE;
  const text = fields.get('model')?.string('a model');
  const path = fields.get('model_file')?.string('the path of a model');
  if (text !== undefined && path !== undefined) {
    root.fail('model and model_file say the same in two ways', { expected: 'one of them' });
  }
  return {
    file,
    name: fields.get('name')?.string('a name') ?? file.slice(file.lastIndexOf('/') + 1),
    ...(text !== undefined ? { model: { text } } : path !== undefined ? { model: { path } } : undefined),
    tuples: readTuples(fields),
    tests: fields.get('tests')?.items('a list of tests')?.map(readCase) ?? [],
  };
}

function readTuples(fields: Fields): Tuples {
  const list = fields.get('tuples');
  const inline = list === undefined ? [] : readSeed(new Map([['tuples', list]])).tuples;
  const files = ['tuple_file', 'tuple_files'].flatMap(
    (key) =>
      fields
        .get(key)
        ?.strings('a path or a list of paths')
        ?.map(({ text }) => text) ?? [],
  );
  return { inline, files };
}

function readCase(value: YamlValue, index: number): StoreTestCase {
  const fields = value.fields(['name', 'description', ...TUPLE_KEYS, 'check', 'list_objects', 'list_users']) ?? NONE;
  const description = fields.get('description')?.string();
  const each = <T>(key: string, read: (item: YamlValue) => T | undefined): readonly T[] =>
    fields
      .get(key)
      ?.items()
      ?.flatMap((item) => read(item) ?? []) ?? [];
  return {
    name: fields.get('name')?.string('a name') ?? `test ${index + 1}`,
    ...(description === undefined ? undefined : { description }),
    tuples: readTuples(fields),
    checks: each('check', readCheck),
    listObjects: each('list_objects', readListObjects),
    listUsers: each('list_users', readListUsers),
  };
}

function readCheck(value: YamlValue): StoreTestCase['checks'][number] {
  const fields = value.fields(['user', 'users', 'object', 'objects', 'context', 'assertions'], ['assertions']) ?? NONE;
  return {
    users: oneOrMany(value, fields, 'user'),
    objects: oneOrMany(value, fields, 'object'),
    context: readContext(fields.get('context')),
    assertions: byRelation(fields.get('assertions'), (item) => item.boolean()),
  };
}

function oneOrMany(at: YamlValue, fields: Fields, name: 'user' | 'object'): readonly string[] {
  const one = fields.get(name)?.string(`a ${name}`);
  const many = fields
    .get(`${name}s`)
    ?.strings(`a list of ${name}s`)
    ?.map(({ text }) => text);
  if (one !== undefined && many !== undefined) {
    at.fail(`${name} and ${name}s say the same in two ways`, { expected: 'one of them' });
  }
  if (!fields.has(name) && !fields.has(`${name}s`)) at.fail(`no ${name} is named`, { expected: `${name} or ${name}s` });
  return many ?? (one === undefined ? [] : [one]);
}

function readListObjects(value: YamlValue): StoreTestCase['listObjects'][number] | undefined {
  const fields = value.fields(['user', 'type', 'context', 'assertions'], ['user', 'type', 'assertions']) ?? NONE;
  const user = fields.get('user')?.string('a user');
  const type = fields.get('type')?.string('a type');
  if (user === undefined || type === undefined) return undefined;
  const assertions = byRelation(fields.get('assertions'), (item) => texts(item, 'a list of objects'));
  return { user, type, context: readContext(fields.get('context')), assertions };
}

function readListUsers(value: YamlValue): StoreTestCase['listUsers'][number] | undefined {
  const required = ['object', 'user_filter', 'assertions'];
  const fields = value.fields([...required, 'context'], required) ?? NONE;
  const object = fields.get('object')?.string('an object');
  const filters = fields.get('user_filter');
  const [filter, second] = filters?.items('a list of one {type, relation?}') ?? [];
  // OpenFGA's ListUsers takes exactly one.
  if (filters !== undefined && (filter === undefined || second !== undefined)) {
    filters.mistyped('a list of one {type, relation?}');
  }
  const given = filter?.fields(['type', 'relation'], ['type']);
  const type = given?.get('type')?.string('a type');
  const relation = given?.get('relation')?.string('a relation');
  if (object === undefined || type === undefined) return undefined;
  const assertions = byRelation(fields.get('assertions'), (item) => {
    const users = item.fields(['users'], ['users'])?.get('users');
    return users === undefined ? undefined : texts(users, 'a list of users');
  });
  return {
    object,
    filter: { type, ...(relation === undefined ? undefined : { relation }) },
    context: readContext(fields.get('context')),
    assertions,
  };
}

function byRelation<T>(
  value: YamlValue | undefined,
  read: (value: YamlValue) => T | undefined,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [relation, item] of value?.named() ?? []) {
    const one = read(item);
    if (one !== undefined) found.set(relation, one);
  }
  return found;
}

function texts(value: YamlValue, expected: string): readonly string[] | undefined {
  return value.strings(expected)?.map(({ text }) => text);
}

function readContext(value: YamlValue | undefined): Context {
  const json = value?.json();
  if (json === undefined) return {};
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Context;
  value?.mistyped('a map of names to values');
  return {};
}
