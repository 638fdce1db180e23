import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceFile } from '../../src/engine/bundles/publish.ts';
import { openServer, type ServerUnderTest, STORE_ID } from '../wire/server-under-test.ts';

/**
 * The certification scenario of AuthZEN as contracts section 1 tells it: the eight evaluations, on a model and a
 * policy of our own, and its searches.
 */
const RECORDS: readonly SourceFile[] = [
  {
    path: 'model/records.fga',
    text: `model
  schema 1.1

type user

type record
  relations
    define reader: [user]
`,
  },
  {
    path: 'policies/record.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: record
  version: default
  rules:
    - name: readers-read
      actions: [read]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          expr: related(P.entity, "reader", R.entity)
    - name: owners-write-what-is-active
      actions: [write]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          expr: R.attr.owner == P.id && R.attr.status == "active"
    - name: admins-write-what-is-archived
      actions: [write]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          expr: has(P.attr.role) && P.attr.role == "admin" && R.attr.status == "archived"
    - name: owners-delete-softly
      actions: [delete]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          expr: R.attr.owner == P.id && request.action.properties.soft == true
`,
  },
];

let server: ServerUnderTest;
let key: string;

beforeAll(async () => {
  server = openServer({ files: RECORDS });
  const author = server.key({ id: 'author', roles: ['author'] });
  // Case 6 takes a role from the request.
  key = server.key({ id: 'application', roles: ['check'], origins: ['user:*'], direct: true, asserts: ['attributes'] });
  const tuple_keys = ['alice', 'bob'].map((id) => ({
    user: `user:${id}`,
    relation: 'reader',
    object: 'record:record-1',
  }));
  const written = await server.ask('POST', `/stores/${STORE_ID}/write`, {
    key: author,
    body: { writes: { tuple_keys } },
  });
  expect(written.status).toBe(200);
  const put = (path: string, attributes: object) =>
    server.ask('PUT', `/v1/entities/${path}`, { key: author, body: { attributes } });
  await put('record/record-1', { owner: 'alice', status: 'active' });
  await put('record/record-2', { owner: 'alice', status: 'archived' });
  await put('user/bob', { role: 'admin' });
});
afterAll(() => server[Symbol.asyncDispose]());

test.each<[number, string, object, object, object, boolean]>([
  [1, 'alice reads record-1', { id: 'alice' }, { name: 'read' }, { id: 'record-1' }, true],
  [2, 'alice writes record-1', { id: 'alice' }, { name: 'write' }, { id: 'record-1' }, true],
  [3, 'bob reads record-1', { id: 'bob' }, { name: 'read' }, { id: 'record-1' }, true],
  [4, 'bob writes record-1', { id: 'bob' }, { name: 'write' }, { id: 'record-1' }, false],
  [
    5,
    'alice writes what is archived',
    { id: 'alice' },
    { name: 'write' },
    { id: 'record-2', properties: { status: 'archived', owner: 'alice' } },
    false,
  ],
  [
    6,
    'a subject with the property role admin writes what is archived',
    { id: 'carol', properties: { role: 'admin' } },
    { name: 'write' },
    { id: 'record-2', properties: { status: 'archived', owner: 'alice' } },
    true,
  ],
  [
    7,
    'alice deletes softly',
    { id: 'alice' },
    { name: 'delete', properties: { soft: true } },
    { id: 'record-1' },
    true,
  ],
  [
    8,
    'alice deletes hard',
    { id: 'alice' },
    { name: 'delete', properties: { soft: false } },
    { id: 'record-1' },
    false,
  ],
])('case %i: %s', async (_case, _what, subject, action, resource, decision) => {
  const body = { subject: { type: 'user', ...subject }, action, resource: { type: 'record', ...resource } };
  const reply = await server.ask('POST', '/access/v1/evaluation', { key, body });
  expect([reply.status, reply.json]).toEqual([200, expect.objectContaining({ decision })]);
});

const READ = { name: 'read' };
const WRITE = { name: 'write' };
const record = (id: string, status?: string) => ({
  type: 'record',
  id,
  ...(status === undefined ? undefined : { properties: { status } }),
});
const user = (id: string) => ({ type: 'user', id });

test.each<[string, 'subject' | 'resource' | 'action', object, readonly object[]]>([
  [
    'who reads record-1',
    'subject',
    { subject: { type: 'user' }, action: READ, resource: record('record-1') },
    [user('alice'), user('bob')],
  ],
  [
    'what alice reads',
    'resource',
    { subject: user('alice'), action: READ, resource: { type: 'record' } },
    [record('record-1')],
  ],
  ['what alice does to record-1', 'action', { subject: user('alice'), resource: record('record-1') }, [READ, WRITE]],
  [
    'who writes what is archived',
    'subject',
    { subject: { type: 'user' }, action: WRITE, resource: record('record-2', 'archived') },
    [user('bob')],
  ],
  [
    'what the admin writes',
    'resource',
    { subject: user('bob'), action: WRITE, resource: { type: 'record' } },
    [record('record-2')],
  ],
  [
    'what the admin does to what is archived',
    'action',
    { subject: user('bob'), resource: record('record-2', 'archived') },
    [WRITE],
  ],
])('search: %s', async (_what, target, body, results) => {
  const reply = await server.ask('POST', `/access/v1/search/${target}`, { key, body });
  expect([reply.status, reply.json]).toEqual([200, expect.objectContaining({ results, page: { next_token: '' } })]);
});
