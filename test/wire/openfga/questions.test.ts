import { CredentialsMethod, OpenFgaClient } from '@openfga/sdk';
import { transformer } from '@openfga/syntax-transformer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openServer, type ServerUnderTest, STORE_ID } from '../server-under-test.ts';

const MODEL = transformer.transformDSLToJSONObject(`model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type doc
  relations
    define parent: [doc]
    define owner: [user]
    define reader: [user, user:*, group#member, user with both] or owner or reader from parent
    define writer: owner and reader
    define hidden: [user, doc#shown]
    define shown: [user, user with i] but not hidden
    define b: [user with b]
    define s: [user with s]
    define i: [user with i]
    define u: [user with u]
    define f: [user with f]
    define d: [user with d]
    define t: [user with t]
    define ip: [user with ip]
    define l: [user with l]
    define m: [user with m]
condition both(x: int, y: int) {
  x < 10 && y < 10
}
condition b(v: bool) {
  v
}
condition s(v: string) {
  v.startsWith("a")
}
condition i(v: int) {
  v > -3
}
condition u(v: uint) {
  v > 2u
}
condition f(v: double) {
  v < 1.5
}
condition d(v: duration) {
  v < duration("1h")
}
condition t(v: timestamp) {
  v < timestamp("2030-01-01T00:00:00Z")
}
condition ip(v: ipaddress) {
  v.in_cidr("10.0.0.0/8")
}
condition l(v: list<string>) {
  "a" in v
}
condition m(v: map<int>) {
  v["a"] == 1
}
`);

let server: ServerUnderTest;
let client: OpenFgaClient;
let key: string;

beforeAll(async () => {
  server = openServer({ files: [] });
  key = server.key({ id: 'author', roles: ['author'] });
  const apiUrl = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const credentials = { method: CredentialsMethod.ApiToken, config: { token: key } } as const;
  client = new OpenFgaClient({ apiUrl, storeId: STORE_ID, credentials, retryParams: { maxRetry: 0 } });
  await client.writeAuthorizationModel(MODEL);
  await client.write({
    writes: [
      { user: 'user:ann', relation: 'owner', object: 'doc:1' },
      { user: 'doc:1', relation: 'parent', object: 'doc:2' },
      { user: 'group:g#member', relation: 'reader', object: 'doc:3' },
      { user: 'user:bo', relation: 'member', object: 'group:g' },
      { user: 'user:*', relation: 'reader', object: 'doc:4' },
      { user: 'user:cy', relation: 'reader', object: 'doc:5', condition: { name: 'both', context: { x: 1 } } },
      { user: 'doc:6#shown', relation: 'hidden', object: 'doc:6' },
      { user: 'user:ann', relation: 'shown', object: 'doc:6' },
      ...['b', 's', 'i', 'u', 'f', 'd', 't', 'ip', 'l', 'm'].map((name) => ({
        user: 'user:ann',
        relation: name,
        object: 'doc:c',
        condition: { name, context: {} },
      })),
    ],
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (path: string, body: unknown) => server.ask('POST', `/stores/${STORE_ID}/${path}`, { key, body });

describe('conditions', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['b', true, false, 'true'],
    ['s', 'abc', 'bcd', 5],
    ['i', -2, '-3', 1.5],
    ['u', '3', 2, -1],
    ['f', '1.25', 2, 'x'],
    ['d', '59m', '2h', 'soon'],
    ['t', '2029-12-31T23:59:59Z', '2030-01-01T00:00:00+00:00', '2030'],
    ['ip', '10.1.2.3', '192.168.0.1', '10.1'],
    ['l', ['b', 'a'], [], ['a', 1]],
    ['m', { a: 1 }, { a: 2 }, { a: 'one' }],
  ])('a parameter of type %s', async (relation, yes, no, wrong) => {
    const ask = (context: object) => client.check({ user: 'user:ann', relation, object: 'doc:c', context });
    expect((await ask({ v: yes })).allowed).toBe(true);
    expect((await ask({ v: no })).allowed).toBe(false);
    for (const context of [{ v: wrong }, {}]) {
      await expect(ask(context)).rejects.toMatchObject({ statusCode: 400, apiErrorCode: 'validation_error' });
    }
  });

  test('what is stored wins over what is asked with; every parameter is needed, whatever the others say', async () => {
    const ask = (context: object) => client.check({ user: 'user:cy', relation: 'reader', object: 'doc:5', context });
    expect((await ask({ y: 1, x: 100 })).allowed).toBe(true);
    expect((await ask({ y: 100 })).allowed).toBe(false);
    await expect(ask({})).rejects.toMatchObject({ apiErrorCode: 'validation_error' });
    const contextualTuples = [
      { user: 'user:dee', relation: 'reader', object: 'doc:5', condition: { name: 'both', context: { x: 100 } } },
    ];
    await expect(
      client.check({ user: 'user:dee', relation: 'reader', object: 'doc:5', contextualTuples }),
    ).rejects.toMatchObject({ apiErrorCode: 'validation_error' });
  });

  test('an error does not matter where something else says yes', async () => {
    const contextualTuples = [{ user: 'user:cy', relation: 'owner', object: 'doc:5' }];
    expect(
      (await client.check({ user: 'user:cy', relation: 'reader', object: 'doc:5', contextualTuples })).allowed,
    ).toBe(true);
  });

  test.each<[string, object, string]>([
    ['of a wrong type', { name: 'both', context: { x: 'one' } }, 'expected an integer'],
    ['that the condition does not take', { name: 'both', context: { z: 1 } }, 'no parameter "z"'],
    ['for a condition that the relation does not have', { name: 's', context: {} }, 'with the condition "s"'],
  ])('a context %s is not stored, nor taken along', async (_what, condition, message) => {
    const tuple = { user: 'user:eve', relation: 'reader', object: 'doc:5', condition };
    const written = await post('write', { writes: { tuple_keys: [tuple] } });
    expect([written.status, written.json.code]).toEqual([400, 'validation_error']);
    expect(written.json.message).toContain(message);
    const { condition: _, ...tuple_key } = tuple;
    const checked = await post('check', { tuple_key, contextual_tuples: { tuple_keys: [tuple] } });
    expect([checked.status, checked.json.code]).toEqual([400, 'validation_error']);
  });
});

describe('batches', () => {
  test('have an answer or an error for each check', async () => {
    const { result } = await client.batchCheck({
      checks: [
        { user: 'user:ann', relation: 'writer', object: 'doc:1', correlationId: 'yes' },
        { user: 'user:bo', relation: 'writer', object: 'doc:1', correlationId: 'no' },
        { user: 'user:cy', relation: 'reader', object: 'doc:5', correlationId: 'context' },
        { user: 'user:cy', relation: 'nix', object: 'doc:5', correlationId: 'relation' },
        {
          user: 'user:eve',
          relation: 'reader',
          object: 'doc:3',
          correlationId: 'contextual',
          contextualTuples: { tuple_keys: [{ user: 'user:eve', relation: 'member', object: 'group:g' }] },
        },
      ],
    });
    const answers = result.map(({ correlationId, allowed, error }) => [correlationId, error?.input_error ?? allowed]);
    expect(Object.fromEntries(answers)).toEqual({
      yes: true,
      no: false,
      context: 'validation_error',
      relation: 'validation_error',
      contextual: true,
    });
  });

  const one = { tuple_key: { user: 'user:ann', relation: 'reader', object: 'doc:1' }, correlation_id: 'a' };
  test.each<[string, object[]]>([
    ['none', []],
    ['more than fifty', Array.from({ length: 51 }, (_, index) => ({ ...one, correlation_id: `a${index}` }))],
    ['the same id twice', [one, one]],
    ['an id that is none', [{ ...one, correlation_id: 'a b' }]],
    ['no id', [{ tuple_key: one.tuple_key }]],
  ])('of %s are refused', async (_what, checks) => {
    const reply = await post('batch-check', { checks });
    expect([reply.status, reply.json.code]).toEqual([400, 'validation_error']);
  });
});

describe('lists', () => {
  test('objects, at once and one by one', async () => {
    const question = { user: 'user:bo', relation: 'reader', type: 'doc' };
    expect(await client.listObjects(question)).toMatchObject({ objects: ['doc:3', 'doc:4'] });
    const streamed: string[] = [];
    for await (const { object } of client.streamedListObjects(question)) streamed.push(object);
    expect(streamed).toEqual(['doc:3', 'doc:4']);
    const contextualTuples = [{ user: 'user:bo', relation: 'owner', object: 'doc:new' }];
    expect((await client.listObjects({ ...question, contextualTuples })).objects).toEqual([
      'doc:3',
      'doc:4',
      'doc:new',
    ]);
    expect((await client.listObjects({ ...question, user: 'group:g#member' })).objects).toEqual(['doc:3']);
  });

  test('users, usersets and everybody', async () => {
    const ask = async (id: string, filter: { type: string; relation?: string }) =>
      (await client.listUsers({ object: { type: 'doc', id }, relation: 'reader', user_filters: [filter] })).users;
    expect(await ask('2', { type: 'user' })).toEqual([{ object: { type: 'user', id: 'ann' } }]);
    expect(await ask('3', { type: 'user' })).toEqual([{ object: { type: 'user', id: 'bo' } }]);
    expect(await ask('3', { type: 'group', relation: 'member' })).toEqual([
      { userset: { type: 'group', id: 'g', relation: 'member' } },
    ]);
    expect(await ask('4', { type: 'user' })).toEqual([{ wildcard: { type: 'user' } }]);
  });

  test('a list that cannot be whole is an error', async () => {
    await expect(client.listObjects({ user: 'user:cy', relation: 'reader', type: 'doc' })).rejects.toMatchObject({
      apiErrorCode: 'validation_error',
    });
    const context = { y: 1 };
    expect((await client.listObjects({ user: 'user:cy', relation: 'reader', type: 'doc', context })).objects).toEqual([
      'doc:4',
      'doc:5',
    ]);
  });

  test('what hangs on its own negation is no, and in no list', async () => {
    const question = { user: 'user:ann', relation: 'shown' };
    expect((await client.check({ ...question, object: 'doc:6' })).allowed).toBe(false);
    expect((await client.listObjects({ ...question, type: 'doc' })).objects).toEqual([]);
    // It does not hide that something else could not be told.
    const contextualTuples = [{ ...question, object: 'doc:7', condition: { name: 'i', context: {} } }];
    await expect(client.listObjects({ ...question, type: 'doc', contextualTuples })).rejects.toMatchObject({
      apiErrorCode: 'validation_error',
    });
  });

  test('relations, as the SDK finds them', async () => {
    const question = { user: 'user:ann', object: 'doc:1', relations: ['owner', 'reader', 'parent', 'writer'] };
    expect((await client.listRelations(question)).relations).toEqual(['owner', 'reader', 'writer']);
  });

  const objects = { user: 'user:ann', relation: 'reader', type: 'doc' };
  const users = { object: { type: 'doc', id: '1' }, relation: 'reader', user_filters: [{ type: 'user' }] };
  const strange = { user: 'user:ann', relation: 'parent', object: 'doc:1' };
  test.each<[string, object, string]>([
    ['list-objects', { ...objects, type: 'nix' }, 'type_not_found'],
    ['list-objects', { ...objects, relation: 'nix' }, 'relation_not_found'],
    ['list-objects', { ...objects, user: 'ann' }, 'validation_error'],
    ['list-objects', { ...objects, user: 'nix:1' }, 'validation_error'],
    ['list-objects', { ...objects, contextual_tuples: { tuple_keys: [strange] } }, 'invalid_tuple'],
    ['streamed-list-objects', { ...objects, relation: 'nix' }, 'relation_not_found'],
    ['list-users', { ...users, object: { type: 'nix', id: '1' } }, 'type_not_found'],
    ['list-users', { ...users, relation: 'nix' }, 'relation_not_found'],
    ['list-users', { ...users, user_filters: [{ type: 'nix' }] }, 'type_not_found'],
    ['list-users', { ...users, user_filters: [{ type: 'group', relation: 'nix' }] }, 'relation_not_found'],
    ['list-users', { ...users, user_filters: [] }, 'validation_error'],
    ['list-users', { ...users, user_filters: [{ type: 'user' }, { type: 'group' }] }, 'validation_error'],
    ['list-users', { ...users, contextual_tuples: [strange] }, 'invalid_tuple'],
    ['expand', { tuple_key: { object: 'doc:1', relation: 'nix' } }, 'validation_error'],
    ['expand', { tuple_key: { object: 'nix:1', relation: 'reader' } }, 'validation_error'],
    ['check', { tuple_key: strange, contextual_tuples: { tuple_keys: Array(101).fill(strange) } }, 'validation_error'],
    ['check', { tuple_key: strange, authorization_model_id: 'nix' }, 'validation_error'],
    [
      'check',
      { tuple_key: strange, authorization_model_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' },
      'authorization_model_not_found',
    ],
  ])('%s of %j is %s', async (path, body, code) => {
    const reply = await post(path, body);
    expect([reply.status, reply.json.code, reply.json.message]).toEqual([400, code, expect.stringMatching(/\w/)]);
  });

  test('every answer says of which layer it is, and a list of which revision', async () => {
    for (const [path, body] of [
      ['check', { tuple_key: { ...strange, relation: 'reader' } }],
      ['list-objects', objects],
      ['streamed-list-objects', objects],
      ['list-users', users],
      ['expand', { tuple_key: { object: 'doc:1', relation: 'reader' } }],
    ] as const) {
      const reply = await post(path, body);
      expect([path, reply.status, reply.headers['behalf-layer']]).toEqual([path, 200, 'relationships']);
    }
    const { headers } = await post('list-objects', objects);
    expect(headers['behalf-revision']).toBe(server.ledger.token());
  });
});

test('a tree is one level of the definition', async () => {
  const contextualTuples = [{ user: 'user:x', relation: 'reader', object: 'doc:2' }];
  const { tree } = await client.expand({ object: 'doc:2', relation: 'reader', contextualTuples });
  const name = 'doc:2#reader';
  expect(tree).toEqual({
    root: {
      name,
      union: {
        nodes: [
          { name, leaf: { users: { users: ['user:x'] } } },
          { name, leaf: { computed: { userset: 'doc:2#owner' } } },
          { name, leaf: { tupleToUserset: { tupleset: 'doc:2#parent', computed: [{ userset: 'doc:1#reader' }] } } },
        ],
      },
    },
  });
});

test('without a model there is nothing to ask', async () => {
  await using empty = openServer({ files: [], dev: true });
  const ask = (path: string, body: object) => empty.ask('POST', `/stores/${STORE_ID}/${path}`, { body });
  const tuple_key = { user: 'user:ann', relation: 'reader', object: 'doc:1' };
  for (const [path, body] of [
    ['check', { tuple_key }],
    ['write', { writes: { tuple_keys: [tuple_key] } }],
    ['list-objects', { user: 'user:ann', relation: 'reader', type: 'doc' }],
  ] as const) {
    expect((await ask(path, body)).json.code).toBe('latest_authorization_model_not_found');
  }
  const models = await empty.ask('GET', `/stores/${STORE_ID}/authorization-models`);
  expect(models.json).toEqual({ authorization_models: [], continuation_token: '' });
});
