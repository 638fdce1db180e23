import { CredentialsMethod, OpenFgaClient } from '@openfga/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Office, openOffice } from '../office.ts';
import { STORE_ID } from '../server-under-test.ts';

let office: Office;
let client: OpenFgaClient;

beforeEach(async () => {
  office = await openOffice();
  const apiUrl = await office.app.listen({ host: '127.0.0.1', port: 0 });
  const credentials = { method: CredentialsMethod.ApiToken, config: { token: office.keys.author } } as const;
  client = new OpenFgaClient({ apiUrl, storeId: STORE_ID, credentials, retryParams: { maxRetry: 0 } });
});
afterEach(() => office[Symbol.asyncDispose]());

const CAROL = { user: 'user:carol', relation: 'member', object: 'group:finance' };
const DRAFT = { user: 'user:carol', relation: 'owner', object: 'document:draft' };
const NOON = '2030-01-01T12:00:00.000Z';
const LATER = '2030-01-01T13:30:00.000Z';

test('relationships are read with the time of their writing', async () => {
  office.clock.now = Date.parse(LATER);
  await client.writeTuples([DRAFT]);
  const { tuples } = await client.read({});
  expect(tuples.map(({ key, timestamp }) => [key.object, key.user, timestamp])).toEqual([
    ['document:draft', 'user:carol', LATER],
    ['document:q3', 'user:alice', NOON],
    ['document:q3', 'group:finance#member', NOON],
    ['group:finance', 'user:bob', NOON],
  ]);
});

test('filters: an object, a relation, a user, a type and a user', async () => {
  await client.writeTuples([DRAFT, CAROL]);
  const read = async (filter: object) =>
    (await client.read(filter)).tuples.map(({ key }) => `${key.object} ${key.user}`);
  expect(await read({ object: 'document:q3' })).toEqual(['document:q3 user:alice', 'document:q3 group:finance#member']);
  expect(await read({ object: 'document:q3', relation: 'owner' })).toEqual(['document:q3 user:alice']);
  expect(await read({ object: 'document:q3', relation: 'owner', user: 'user:bob' })).toEqual([]);
  expect(await read({ object: 'document:', user: 'user:carol' })).toEqual(['document:draft user:carol']);
  expect(await read({ object: 'document:', user: 'group:finance#member' })).toEqual([
    'document:q3 group:finance#member',
  ]);
  expect(await read({ object: 'group:finance', user: 'user:carol' })).toEqual(['group:finance user:carol']);
});

test('pages of everything', async () => {
  const many = Array.from({ length: 95 }, (_, index) => ({ ...DRAFT, user: `user:u${index}` }));
  await client.writeTuples(many);
  const seen: string[] = [];
  for (let token = '', done = false; !done; ) {
    const page = await client.read({}, { pageSize: 7, ...(token === '' ? {} : { continuationToken: token }) });
    expect(page.tuples.length).toBeLessThanOrEqual(7);
    seen.push(...page.tuples.map(({ key }) => `${key.object}#${key.relation}@${key.user}`));
    token = page.continuation_token;
    done = token === '';
  }
  expect(seen).toEqual([...seen].sort());
  expect(new Set(seen).size).toBe(98);
});

test('changes tell of writes and deletes, oldest first, and go on where they ended', async () => {
  const begin = await client.readChanges({ type: '' });
  expect(begin.changes).toHaveLength(3);
  office.clock.now = Date.parse(LATER);
  await client.write({ writes: [DRAFT, CAROL] });
  // Neither a relationship.
  office.key({ id: 'somebody', roles: ['check'] });
  await client.deleteTuples([DRAFT]);
  const options = { continuationToken: begin.continuation_token ?? '' };
  const { changes, continuation_token: token = '' } = await client.readChanges({ type: '' }, options);
  expect(changes.map(({ tuple_key: key, operation, timestamp }) => [key.object, operation, timestamp])).toEqual([
    ['document:draft', 'TUPLE_OPERATION_WRITE', LATER],
    ['group:finance', 'TUPLE_OPERATION_WRITE', LATER],
    ['document:draft', 'TUPLE_OPERATION_DELETE', LATER],
  ]);
  expect(changes[2]?.tuple_key).toMatchObject(DRAFT);
  const end = await client.readChanges({ type: '' }, { continuationToken: token });
  expect([end.changes, end.continuation_token]).toEqual([[], token]);
});

test('changes of one type, from a time on, page by page', async () => {
  office.clock.now = Date.parse(LATER);
  await client.write({ writes: [DRAFT, CAROL] });
  const objects: string[] = [];
  let token = '';
  for (let page = 0; page < 4; page += 1) {
    const options = { pageSize: 1, ...(token === '' ? {} : { continuationToken: token }) };
    const { changes, continuation_token: next = '' } = await client.readChanges({ type: 'document' }, options);
    objects.push(...changes.map(({ tuple_key: key }) => `${key.object} ${key.user}`));
    token = next;
  }
  expect(objects).toEqual(['document:q3 user:alice', 'document:q3 group:finance#member', 'document:draft user:carol']);
  const since = await client.readChanges({ type: '', startTime: '2030-01-01T13:00:00Z' });
  expect(since.changes.map(({ tuple_key: key }) => key.user)).toEqual(['user:carol', 'user:carol']);
  await expect(client.readChanges({ type: 'group' }, { continuationToken: token })).rejects.toMatchObject({
    apiErrorCode: 'query_string_type_continuation_token_mismatch',
  });
});

test.each([
  ['page_size=0', 'page_size_invalid'],
  ['page_size=101', 'page_size_invalid'],
  ['page_size=x', 'page_size_invalid'],
  ['continuation_token=***', 'invalid_continuation_token'],
  ['continuation_token=bml4', 'invalid_continuation_token'],
  ['start_time=yesterday', 'invalid_start_time'],
])('changes?%s is %s', async (query, code) => {
  const reply = await office.ask('GET', `/stores/${STORE_ID}/changes?${query}`, { key: office.keys.author });
  expect([reply.status, reply.json.code]).toEqual([400, code]);
});

test('changes are for authors and auditors', async () => {
  const url = `/stores/${STORE_ID}/changes`;
  expect((await office.ask('GET', url, { key: office.keys.auditor })).status).toBe(200);
  expect((await office.ask('GET', url, { key: office.keys.gateway })).status).toBe(403);
});
