import { CredentialsMethod, OpenFgaClient } from '@openfga/sdk';
import { transformer } from '@openfga/syntax-transformer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALICE, asking, MAILER, type Office, openOffice } from '../office.ts';
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

/** The office's model, in which the owner of a document may read it, blocked or not. */
const WIDER = transformer.transformDSLToJSONObject(`model
  schema 1.1
type user
type agent
type group
  relations
    define member: [user]
type document
  relations
    define owner: [user]
    define viewer: [user, group#member]
    define blocked: [user, agent]
    define can_read: owner or viewer
    define can_mail: owner but not blocked
`);

const READ = { user: 'user:alice', relation: 'can_read', object: 'document:q3' };
const post = (body: unknown, key: keyof Office['keys'] = 'author') =>
  office.ask('POST', `/stores/${STORE_ID}/authorization-models`, { key: office.keys[key], body });

describe('a model that is written', () => {
  test('is in force at once, for decisions too, and policies stay as they were', async () => {
    await client.writeTuples([{ user: 'user:alice', relation: 'blocked', object: 'document:q3' }]);
    await office.delegate({
      from: 'user:alice',
      to: 'agent:mailer',
      capabilities: [{ actions: ['read', 'archive'], resources: ['document:*'] }],
    });
    const decide = async (action: string) => {
      const body = {
        ...asking(MAILER, action),
        resource: { type: 'document', id: 'q3', properties: { state: 'final' } },
      };
      return (await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body })).json.decision;
    };
    expect([await decide('read'), (await client.check(READ)).allowed]).toEqual([false, false]);
    const archive = await decide('archive');
    const before = office.ledger.bundle;
    await client.writeAuthorizationModel(WIDER);
    expect([await decide('read'), (await client.check(READ)).allowed]).toEqual([true, true]);
    expect(await decide('archive')).toBe(archive);
    expect(office.ledger.bundle.policies.kinds).toEqual(before.policies.kinds);
    expect(office.ledger.bundle.digest).not.toBe(before.digest);
    const { files } = (await office.ask('GET', '/v1/bundles/current', { key: office.keys.author })).json;
    expect(files.map(({ path }: { path: string }) => path)).toEqual(['model/main.fga', 'policies/document.yaml']);
    expect(ALICE.type).toBe('user');
  });

  test('has an id, which the same model keeps, and under which it is asked and read later', async () => {
    const [first] = (await client.readAuthorizationModels()).authorization_models;
    await client.writeTuples([{ user: 'user:alice', relation: 'blocked', object: 'document:q3' }]);
    const { authorization_model_id: id } = await client.writeAuthorizationModel(WIDER);
    expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(id).not.toBe(first?.id);
    const { revision } = office.ledger;
    expect((await client.writeAuthorizationModel(WIDER)).authorization_model_id).toBe(id);
    expect(office.ledger.revision).toBe(revision);
    const ids = (await client.readAuthorizationModels()).authorization_models.map((model) => model.id);
    expect(ids).toEqual([id, first?.id]);
    expect((await client.readLatestAuthorizationModel()).authorization_model?.id).toBe(id);
    const older = await client.readAuthorizationModel({ authorizationModelId: first?.id ?? '' });
    expect(older.authorization_model).toEqual(first);
    // Questions are answered by the model that they name.
    expect((await client.check(READ, { authorizationModelId: id })).allowed).toBe(true);
    expect((await client.check(READ, { authorizationModelId: first?.id ?? '' })).allowed).toBe(false);
    expect((await client.check(READ)).allowed).toBe(true);
  });

  test('reads back as it was sent', async () => {
    const { authorization_model_id: authorizationModelId } = await client.writeAuthorizationModel(WIDER);
    const { authorization_model: model } = await client.readAuthorizationModel({ authorizationModelId });
    expect(model?.schema_version).toBe('1.1');
    const document = model?.type_definitions.find(({ type }) => type === 'document');
    expect(document?.relations?.can_mail).toEqual({
      difference: {
        base: { computedUserset: { object: '', relation: 'owner' } },
        subtract: { computedUserset: { object: '', relation: 'blocked' } },
      },
    });
    const types = document?.metadata?.relations?.viewer?.directly_related_user_types;
    expect(types).toEqual([
      { type: 'user', condition: '' },
      { type: 'group', relation: 'member', condition: '' },
    ]);
  });

  test('keeps the id under other policies', async () => {
    const [first] = (await client.readAuthorizationModels()).authorization_models;
    const current = (await office.ask('GET', '/v1/bundles/current', { key: office.keys.author })).json;
    const files = current.files.filter(({ path }: { path: string }) => path.startsWith('model/'));
    const published = await office.ask('POST', '/v1/bundles', { key: office.keys.author, body: { files } });
    expect(published.json.changed).toBe(true);
    expect((await client.readAuthorizationModels()).authorization_models.map(({ id }) => id)).toEqual([first?.id]);
  });

  test('is listed page by page', async () => {
    for (const relation of ['one', 'two', 'three']) {
      const types = [...WIDER.type_definitions, { type: relation, relations: {} }];
      await client.writeAuthorizationModel({ ...WIDER, type_definitions: types });
    }
    const seen: string[] = [];
    for (let continuationToken: string | undefined = ''; continuationToken !== undefined; ) {
      const options = { pageSize: 3, ...(continuationToken === '' ? {} : { continuationToken }) };
      const page = await client.readAuthorizationModels(options);
      seen.push(...page.authorization_models.map(({ id }) => id));
      continuationToken = page.continuation_token === '' ? undefined : page.continuation_token;
    }
    expect(seen).toHaveLength(4);
    expect(new Set(seen).size).toBe(4);
  });
});

describe('is refused, and nothing changes', () => {
  const user = { type: 'user' };
  test.each<[string, object, string, string]>([
    ['without types', { type_definitions: [] }, 'type_definitions_too_few_items', 'at least one'],
    [
      'with too many types',
      { type_definitions: Array.from({ length: 101 }, (_, index) => ({ type: `t${index}` })) },
      'exceeded_entity_limit',
      'limit typesPerModel',
    ],
    ['of schema 1.0', { schema_version: '1.0', type_definitions: [user] }, 'invalid_authorization_model', '1.1 or 1.2'],
    [
      'that contradicts itself',
      { type_definitions: [{ type: 'doc', relations: { a: { computedUserset: { relation: 'b' } } } }] },
      'invalid_authorization_model',
      'has no relation "b"',
    ],
    [
      'under which relationships would be orphans',
      { schema_version: '1.1', type_definitions: [user] },
      'invalid_authorization_model',
      'would orphan 3 stored relationship(s)',
    ],
    ['that is none', { type_definitions: 'user' }, 'validation_error', 'type_definitions'],
  ])('%s', async (_what, body, code, message) => {
    const { revision } = office.ledger;
    const reply = await post(body);
    expect([reply.status, reply.json.code, reply.json.message]).toEqual([400, code, expect.stringContaining(message)]);
    expect(office.ledger.revision).toBe(revision);
  });

  test('from callers that may not author', async () => {
    for (const key of ['auditor', 'gateway', 'alice'] as const) expect((await post(WIDER, key)).status).toBe(403);
    const url = `/stores/${STORE_ID}/authorization-models`;
    expect((await office.ask('GET', url, { key: office.keys.auditor })).status).toBe(200);
    expect((await office.ask('GET', url, { key: office.keys.gateway })).status).toBe(403);
  });

  test('an id that is none, or that nothing has', async () => {
    const get = (id: string) =>
      office.ask('GET', `/stores/${STORE_ID}/authorization-models/${id}`, { key: office.keys.author });
    expect((await get('nix')).json.code).toBe('validation_error');
    expect((await get('01ARZ3NDEKTSV4RRFFQ69G5FAV')).json.code).toBe('authorization_model_not_found');
  });

  test('a write that is right only under the model that it names', async () => {
    const [first] = (await client.readAuthorizationModels()).authorization_models;
    const types = WIDER.type_definitions.map((type) =>
      type.type === 'document' ? JSON.parse(JSON.stringify(type).replaceAll('blocked', 'barred')) : type,
    );
    await client.writeAuthorizationModel({ ...WIDER, type_definitions: types });
    const tuple = { user: 'user:x', relation: 'blocked', object: 'document:q3' };
    await expect(client.writeTuples([tuple], { authorizationModelId: first?.id ?? '' })).rejects.toMatchObject({
      apiErrorCode: 'validation_error',
    });
  });
});
