import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/core/result.ts';
import type { SuiteResult } from '../../../src/engine/policy-tests/results.ts';
import { runTests } from '../../../src/engine/run-tests.ts';

const MODEL = `model
  schema 1.1
type user
type group
  relations
    define member: [user]
type doc
  relations
    define reader: [user, user:*, group#member, user with office_hours]
    define banned: [user]
    define can_read: reader but not banned
condition office_hours(hour: int) {
  hour >= 9 && hour < 17
}
`;
const INLINE = `model: |\n${MODEL.trimEnd().replaceAll(/^/gm, '  ')}\n`;

function runOne(text: string, files: { readonly [path: string]: string } = {}): SuiteResult {
  const ran = runTests(
    [{ path: 'model/a.fga.yaml', text }],
    {
      files: (_from, path) => {
        const found = files[path];
        return found === undefined ? err(`there is no ${path}`) : ok([{ path, text: found }]);
      },
      inPlace: (problem) => problem,
    },
    0,
  );
  const [result] = ran.ok ? ran.value : [];
  if (result === undefined) throw new Error(JSON.stringify(ran));
  return result;
}

function told({ cases }: SuiteResult): { readonly [path: string]: unknown } {
  return Object.fromEntries(
    cases.map(({ path, outcome }) => [
      path.join(' '),
      outcome.kind === 'failed' ? outcome.differences.map(({ actual }) => actual) : outcome.kind,
    ]),
  );
}

const TUPLES = `tuples:
  - { user: "group:g#member", relation: reader, object: doc:1 }
  - { user: user:ann, relation: member, object: group:g }
  - { user: user:ben, relation: reader, object: doc:2, condition: { name: office_hours } }
`;

describe('a store test', () => {
  it('checks every user with every object and relation, with the context of conditions', () => {
    const result = runOne(`${INLINE}${TUPLES}tests:
  - name: reads
    check:
      - { users: [user:ann, user:ben], objects: [doc:1, doc:2], context: { hour: 10 }, assertions: { can_read: true } }
      - { user: user:ben, object: doc:2, context: { hour: 20 }, assertions: { reader: false } }
      - { user: user:ben, object: doc:2, assertions: { banned: false, owner: true } }
`);
    expect(told(result)).toEqual({
      'user:ann can_read doc:1': 'passed',
      'user:ann can_read doc:2': [false],
      'user:ben can_read doc:1': [false],
      'user:ben can_read doc:2': 'passed',
      'user:ben reader doc:2': 'passed',
      'user:ben banned doc:2': 'passed',
      'user:ben owner doc:2': 'errored',
    });
  });

  it('a condition without its context is an error, not a no', () => {
    const result = runOne(`${INLINE}${TUPLES}tests:
  - { check: [{ user: user:ben, object: doc:2, assertions: { can_read: false } }] }
`);
    expect(told(result)).toEqual({ 'user:ben can_read doc:2': 'errored' });
    expect(result.cases[0]?.test).toBe('test 1');
  });

  it('lists objects and users, in whatever order; tuples of a test are its own', () => {
    const result = runOne(`${INLINE}${TUPLES}tests:
  - name: more
    tuples: [{ user: user:ann, relation: reader, object: doc:0 }, { user: user:*, relation: reader, object: doc:1 }]
    list_objects:
      - { user: user:ann, type: doc, assertions: { can_read: [doc:1, doc:0], banned: [] } }
    list_users:
      - { object: doc:1, user_filter: [{ type: user }], assertions: { can_read: { users: [user:ann, user:*] } } }
      - { object: doc:1, user_filter: [{ type: group, relation: member }], assertions: { reader: { users: [group:g#member] } } }
  - name: less
    list_objects:
      - { user: user:ann, type: doc, assertions: { can_read: [doc:1, doc:0] } }
`);
    expect(told(result)).toEqual({
      'list_objects user:ann can_read doc': [['doc:1']],
      'list_objects user:ann banned doc': 'passed',
      'list_users doc:1 can_read user': 'passed',
      'list_users doc:1 reader group#member': 'passed',
    });
  });

  it('takes models and tuples from files: FGA, JSON, modules; YAML, JSON, seeds, CSV', () => {
    const json = JSON.stringify({
      schema_version: '1.1',
      type_definitions: [
        { type: 'user' },
        {
          type: 'doc',
          relations: { reader: { this: {} } },
          metadata: { relations: { reader: { directly_related_user_types: [{ type: 'user' }] } } },
        },
      ],
    });
    const files = {
      './m.fga': MODEL,
      'm.json': json,
      'fga.mod': "schema: '1.2'\ncontents: [core.fga]\n",
      'core.fga': 'module core\ntype user\ntype doc\n  relations\n    define reader: [user]\n',
      't.yaml': '- { user: user:ann, relation: reader, object: doc:1 }\n',
      't.json': '[{"user": "user:ben", "relation": "reader", "object": "doc:1"}]',
      'seed.yaml': 'entities: []\ntuples: [{ user: user:cat, relation: reader, object: doc:1 }]\n',
      't.csv':
        'user_type,user_id,user_relation,relation,object_type,object_id,condition_name,condition_context\nuser,"dan",,reader,doc,1,,\nuser,eve,,reader,doc,1,office_hours,"{""hour"": 10}"\n',
    };
    const users = 'users: [user:ann, user:ben, user:cat, user:dan, user:eve]';
    const whole = runOne(
      `model_file: ./m.fga\ntuple_files: [t.yaml, t.json, seed.yaml, t.csv]\ntests: [{ check: [{ ${users}, object: doc:1, assertions: { can_read: true } }] }]\n`,
      files,
    );
    expect(Object.values(told(whole))).toEqual(Array(5).fill('passed'));
    for (const model of ['m.json', 'fga.mod']) {
      const text = `model_file: ${model}\ntuple_file: t.yaml\ntests: [{ check: [{ user: user:ann, object: doc:1, assertions: { reader: true } }] }]\n`;
      expect(told(runOne(text, files)), model).toEqual({ 'user:ann reader doc:1': 'passed' });
    }
  });

  it.each([
    ['no model', 'tests: []\n', {}, 'no model'],
    ['a broken model', 'model: nonsense\ntests: []\n', {}, 'the model has errors'],
    ['a model that is not there', 'model_file: x.fga\ntests: []\n', {}, 'x.fga'],
    [
      'a tuple that the model does not take',
      `${INLINE}tuples: [{ user: doc:1, relation: reader, object: doc:1 }]\ntests: []\n`,
      {},
      'does not take',
    ],
    ['an unknown key', `${INLINE}tests: [{ checks: [] }]\n`, {}, 'unknown key'],
    [
      'two ways to name the user',
      `${INLINE}tests: [{ check: [{ user: a, users: [b], object: c, assertions: { d: true } }] }]\n`,
      {},
      'two ways',
    ],
    [
      'an assertion that is no truth',
      `${INLINE}tests: [{ check: [{ user: a, object: c, assertions: { d: 1 } }] }]\n`,
      {},
      'true or false',
    ],
    [
      'two filters',
      `${INLINE}tests: [{ list_users: [{ object: doc:1, user_filter: [{ type: user }, { type: group }], assertions: { reader: { users: [] } } }] }]\n`,
      {},
      'list of one',
    ],
    [
      'a CSV without a column',
      `${INLINE}tuple_file: t.csv\ntests: []\n`,
      { 't.csv': 'user_type,user_id\nuser,a\n' },
      'no column relation',
    ],
    ['an empty file', '---\n', {}, 'empty'],
  ])('%s is an error of the file', (_what, text, files, said) => {
    expect(runOne(text, files)).toMatchObject({ error: expect.stringContaining(said), cases: [] });
  });
});
