import {
  CredentialsMethod,
  FgaApiAuthenticationError,
  FgaApiNotFoundError,
  FgaApiValidationError,
  OpenFgaClient,
} from '@openfga/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Office, openOffice } from '../office.ts';
import { STORE_ID } from '../server-under-test.ts';

let office: Office;
let apiUrl: string;
let client: OpenFgaClient;

function clientOf(key: string, storeId = STORE_ID): OpenFgaClient {
  return new OpenFgaClient({
    apiUrl,
    storeId,
    credentials: { method: CredentialsMethod.ApiToken, config: { token: key } },
    retryParams: { maxRetry: 0 },
  });
}

beforeAll(async () => {
  office = await openOffice();
  apiUrl = await office.app.listen({ host: '127.0.0.1', port: 0 });
  client = clientOf(office.keys.author);
});
afterAll(() => office[Symbol.asyncDispose]());

const DRAFT = { user: 'user:carol', relation: 'owner', object: 'document:draft' };

describe('the unmodified SDK', () => {
  test('writes, checks, reads and deletes', async () => {
    await client.write({
      writes: [DRAFT, { user: 'user:*', relation: 'blocked', object: 'document:draft' }].slice(0, 1),
    });
    expect((await client.check({ ...DRAFT, relation: 'can_mail' })).allowed).toBe(true);
    expect((await client.check({ ...DRAFT, user: 'user:dave' })).allowed).toBe(false);
    const read = await client.read({ object: 'document:draft' });
    expect(read.tuples.map(({ key }) => key)).toEqual([{ ...DRAFT, condition: null }]);
    await client.write({ deletes: [DRAFT] });
    expect((await client.check({ ...DRAFT, relation: 'can_mail' })).allowed).toBe(false);
    expect((await client.read({ object: 'document:draft' })).tuples).toEqual([]);
  });

  test('writes and deletes in one request, all or nothing', async () => {
    const before = office.ledger.revision;
    const bad = { user: 'user:carol', relation: 'boss', object: 'document:draft' };
    await expect(client.write({ writes: [DRAFT, bad] })).rejects.toBeInstanceOf(FgaApiValidationError);
    expect(office.ledger.revision).toBe(before);
    await client.writeTuples([DRAFT]);
    await client.deleteTuples([DRAFT]);
  });

  test('contextual tuples count for their request only', async () => {
    const contextualTuples = [{ user: 'user:erin', relation: 'viewer', object: 'document:q3' }];
    const question = { user: 'user:erin', relation: 'can_read', object: 'document:q3' };
    expect((await client.check({ ...question, contextualTuples })).allowed).toBe(true);
    expect((await client.check(question)).allowed).toBe(false);
  });

  test('pages', async () => {
    const writes = Array.from({ length: 5 }, (_, index) => ({ ...DRAFT, user: `user:p${index}` }));
    await client.writeTuples(writes);
    const seen: string[] = [];
    for (let continuationToken = '', done = false; !done; ) {
      const page = await client.read(
        { object: 'document:draft' },
        { pageSize: 2, ...(continuationToken === '' ? {} : { continuationToken }) },
      );
      seen.push(...page.tuples.map(({ key }) => key.user));
      continuationToken = page.continuation_token;
      done = continuationToken === '';
    }
    expect(seen).toEqual(writes.map(({ user }) => user));
    await client.deleteTuples(writes);
  });

  test('a duplicate is an error, or ignored on demand', async () => {
    await client.writeTuples([DRAFT]);
    await expect(client.writeTuples([DRAFT])).rejects.toMatchObject({
      apiErrorCode: 'write_failed_due_to_invalid_input',
    });
    const before = office.ledger.revision;
    await client.write({ writes: [DRAFT] }, { conflict: { onDuplicateWrites: 'ignore' as never } });
    expect(office.ledger.revision).toBe(before);
    await client.deleteTuples([DRAFT]);
    await expect(client.deleteTuples([DRAFT])).rejects.toMatchObject({
      apiErrorCode: 'write_failed_due_to_invalid_input',
    });
  });

  test('its errors are the ones that it knows', async () => {
    await expect(client.check({ user: 'user:a', relation: 'nope', object: 'document:q3' })).rejects.toMatchObject({
      apiErrorCode: 'validation_error',
    });
    await expect(client.check({ user: 'user:a', relation: 'owner', object: 'robot:r2' })).rejects.toMatchObject({
      apiErrorCode: 'validation_error',
    });
    await expect(client.check({ user: 'alice', relation: 'owner', object: 'document:q3' })).rejects.toMatchObject({
      apiErrorCode: 'validation_error',
    });
    await expect(clientOf('wrong').check(DRAFT)).rejects.toBeInstanceOf(FgaApiAuthenticationError);
    await expect(clientOf(office.keys.gateway).check(DRAFT)).rejects.toMatchObject({ statusCode: 403 });
    await expect(clientOf(office.keys.author, '01ARZ3NDEKTSV4RRFFQ69G5FAV').check(DRAFT)).rejects.toBeInstanceOf(
      FgaApiNotFoundError,
    );
    await expect(client.check(DRAFT, { authorizationModelId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' })).rejects.toMatchObject({
      apiErrorCode: 'authorization_model_not_found',
    });
  });

  test('lists the one store', async () => {
    const { stores } = await client.listStores();
    expect(stores.map(({ id }) => id)).toEqual([STORE_ID]);
    expect((await client.getStore()).id).toBe(STORE_ID);
  });
});

describe('on the wire', () => {
  const post = (path: string, body: unknown, key: keyof Office['keys'] = 'author', headers = {}) =>
    office.ask('POST', `/stores/${STORE_ID}/${path}`, { key: office.keys[key], body, headers });

  test('a check says that it answers the relationship layer only, and is not recorded', async () => {
    const tuple_key = { user: 'user:alice', relation: 'owner', object: 'document:q3' };
    const reply = await post('check', { tuple_key });
    expect([reply.headers['behalf-layer'], reply.json]).toEqual(['relationships', { allowed: true, resolution: '' }]);
    expect(office.log.list({}, { limit: 1 }).records).toEqual([]);
  });

  test('a write answers with the revision at which it is visible', async () => {
    const reply = await post('write', { writes: { tuple_keys: [DRAFT] } });
    expect([reply.json, reply.headers['behalf-revision']]).toEqual([{}, office.ledger.token()]);
  });

  test.each<[string, string, unknown, string]>([
    ['nothing to do', 'write', {}, 'invalid_write_input'],
    ['an empty list', 'write', { writes: { tuple_keys: [] } }, 'validation_error'],
    [
      'a tuple without a user',
      'write',
      { writes: { tuple_keys: [{ relation: 'owner', object: 'document:q3' }] } },
      'validation_error',
    ],
    [
      'an object with a star',
      'write',
      { writes: { tuple_keys: [{ ...DRAFT, object: 'document:*' }] } },
      'validation_error',
    ],
    [
      'a user of a type that may not',
      'write',
      { writes: { tuple_keys: [{ ...DRAFT, user: 'agent:x' }] } },
      'validation_error',
    ],
    ['an unknown relation', 'write', { writes: { tuple_keys: [{ ...DRAFT, relation: 'boss' }] } }, 'validation_error'],
    ['an unknown type', 'write', { writes: { tuple_keys: [{ ...DRAFT, object: 'robot:r2' }] } }, 'validation_error'],
    [
      'the same twice',
      'write',
      {
        writes: {
          tuple_keys: [
            { ...DRAFT, user: 'user:x' },
            { ...DRAFT, user: 'user:x' },
          ],
        },
      },
      'cannot_allow_duplicate_tuples_in_one_request',
    ],
    [
      'a hundred and one',
      'write',
      { writes: { tuple_keys: Array.from({ length: 101 }, (_, i) => ({ ...DRAFT, user: `user:u${i}` })) } },
      'exceeded_entity_limit',
    ],
    ['a filter without an object', 'read', { tuple_key: { user: 'user:alice' } }, 'validation_error'],
    ['a filter of a type alone', 'read', { tuple_key: { object: 'document:' } }, 'validation_error'],
    ['a page of none', 'read', { page_size: 0 }, 'page_size_invalid'],
    ['a token of another store', 'read', { continuation_token: '***' }, 'invalid_continuation_token'],
    ['no question', 'check', {}, 'validation_error'],
    ['half a body', 'check', '{', 'validation_error'],
  ])('%s is 400', async (_what, path, body, code) => {
    const before = office.ledger.revision;
    const reply = await post(path, body);
    expect([reply.status, reply.json.code, reply.json.message]).toEqual([400, code, expect.stringMatching(/./)]);
    expect(office.ledger.revision).toBe(before);
  });

  test('an auditor reads and does not write; others do neither', async () => {
    expect((await post('read', {}, 'auditor')).status).toBe(200);
    expect((await post('write', { writes: { tuple_keys: [DRAFT] } }, 'auditor')).status).toBe(403);
    for (const key of ['alice', 'gateway', 'mailer'] as const) {
      expect((await post('read', {}, key)).json).toMatchObject({ code: 'forbidden' });
      expect((await post('check', { tuple_key: DRAFT }, key)).status).toBe(403);
    }
    expect((await office.ask('GET', `/stores/${STORE_ID}/write`)).status).toBe(405);
  });
});
