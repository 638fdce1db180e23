import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAIL, OFFICE, type Office, openOffice } from '../office.ts';
import { STORE_ID } from '../server-under-test.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office[Symbol.asyncDispose]());

const changes = (query: string, key = office.keys.auditor) => office.ask('GET', `/v1/changes?${query}`, { key });

async function texts(query: string): Promise<readonly string[]> {
  const { json } = await changes(query);
  return json.changes.flatMap((commit: { changes: { text: string }[] }) => commit.changes.map(({ text }) => text));
}

test('who did what, when, with which credential, sealed with the one before', async () => {
  office.clock.now += 1000;
  const id = await office.delegate({ ...MAIL, name: 'mail' });
  const [latest, before] = (await changes('limit=2')).json.changes;
  const keyHash = createHash('sha256').update(office.keys.admin).digest('hex');
  expect(latest).toEqual({
    revision: office.ledger.token(),
    at: '2030-01-01T12:00:01.000Z',
    by: 'admin',
    credential: `key:${keyHash.slice(0, 16)}`,
    act: 'delegate',
    changes: [
      {
        ...{ kind: 'delegation', key: id, did: 'granted' },
        delegation: { id, name: 'mail', from: 'user:alice', to: 'agent:mailer' },
        text: `granted ${id} "mail" from user:alice to agent:mailer`,
      },
    ],
    complete: true,
    counts: { delegation: 1 },
    epoch: office.ledger.store.epoch,
    previous: before.sha256,
    sha256: office.ledger.store.head.sha256,
  });
  expect(before).toMatchObject({ by: 'author', act: 'write_relationships', counts: { relationship: 3 } });
});

test('all grants and revocations of somebody, also those made below, and sessions', async () => {
  const id = await office.delegate({ ...MAIL, name: 'mail' });
  const below = await office.delegate({
    parent: id,
    to: 'agent:reader',
    capabilities: [{ actions: ['read'], resources: ['document:q3'] }],
  });
  const template = await office.delegate({
    from: 'group:finance#member',
    to: 'agent:scribe',
    activation: 'session',
    max_session: 3600,
    capabilities: [{ actions: ['read'], resources: ['document:*'] }],
  });
  const path = `/v1/delegations/${template}/activations`;
  const opened = await office.ask('POST', path, { key: office.keys.bob, body: { origin: 'user:bob' } });
  const session = opened.json.activation.id;
  await office.ask('DELETE', `${path}/${session}`, { key: office.keys.bob });
  await office.ask('POST', `/v1/delegations/${below}/revoke`, {
    key: office.keys.alice,
    body: { reason: 'read enough' },
  });
  const own = { key: office.keys.bob, body: { reason: 'not for me', on_behalf_of: 'user:bob' } };
  expect((await office.ask('POST', `/v1/delegations/${template}/revoke`, own)).status).toBe(200);

  const grants = 'kind=delegation,revocation';
  expect(await texts(`about=user:alice&${grants}`)).toEqual([
    `revoked ${below} from agent:mailer to agent:reader: read enough`,
    `granted ${below} from agent:mailer to agent:reader`,
    `granted ${id} "mail" from user:alice to agent:mailer`,
  ]);
  expect(await texts('about=user:bob')).toEqual([
    `withdrawn for user:bob: ${template} from group:finance#member to agent:scribe: not for me`,
    `closed a session for user:bob: ${template} from group:finance#member to agent:scribe`,
    `opened a session for user:bob until 2030-01-01T13:00:00.000Z: ${template} from group:finance#member to agent:scribe`,
  ]);
  expect(await texts(`about=${session}`)).toHaveLength(2);
  expect(await texts('about=mail')).toEqual([`granted ${id} "mail" from user:alice to agent:mailer`]);
  expect(await texts(`about=${template}&kind=revocation`)).toHaveLength(1);
  expect(await texts('by=bob&act=revoke')).toHaveLength(1);
  expect(await texts('about=user:nobody')).toEqual([]);
});

test('suspensions, deletions, callers, bundles and rollbacks are changes, too', async () => {
  const admin = { key: office.keys.admin };
  await office.ask('PUT', '/v1/entities/agent/mailer', { ...admin, body: { roles: ['bot'] } });
  await office.ask('POST', '/v1/entities/agent/mailer/suspend', admin);
  await office.ask('POST', '/v1/entities/agent/mailer/resume', admin);
  const { json } = await office.ask('POST', '/v1/callers', { ...admin, body: { id: 'x', roles: ['check', 'audit'] } });
  await office.ask('DELETE', '/v1/callers/x', admin);
  const files = [...OFFICE].map((file) => ({ ...file, text: `${file.text}\n` }));
  const { digest } = (await office.ask('POST', '/v1/bundles', { ...admin, body: { files } })).json;
  const first = (await office.ask('GET', '/v1/bundles', admin)).json.bundles.at(-1).digest;
  await office.ask('POST', `/v1/bundles/${first}/rollback`, admin);
  await office.ask('DELETE', '/v1/entities/user/bob', admin);

  expect(await texts('limit=8')).toEqual([
    'deleted user:bob',
    'removed group:finance#member@user:bob',
    'removed the caller bob and its key',
    `published ${first}, 2 file(s)`,
    `published ${digest}, 2 file(s)`,
    'removed the caller x and its key',
    'added the caller x, roles check, audit',
    'resumed agent:mailer',
    'suspended agent:mailer',
    'set agent:mailer, roles bot',
  ]);
  expect(await texts(`about=${first}`)).toHaveLength(2);
  expect(await texts('about=x')).toHaveLength(2);
  expect(await texts('kind=bundle&act=rollback')).toEqual([`published ${first}, 2 file(s)`]);
  const { text } = await changes('limit=500');
  expect(text).not.toContain(json.key);
  expect(text).not.toMatch(/key_hash|[0-9a-f]{64}"[^}]*"kind":"caller"/);
});

test('by time, half open, in pages', async () => {
  const noon = office.clock.now;
  const ids: string[] = [];
  for (let minute = 1; minute <= 7; minute++) {
    office.clock.now = noon + minute * 60_000;
    ids.unshift(await office.delegate({ ...MAIL, to: `agent:a${minute}` }));
  }
  const keys = async (query: string) =>
    (await changes(query)).json.changes.map((one: { changes: { key: string }[] }) => one.changes[0]?.key);
  expect(await keys('from=2030-01-01T12:03:00Z&to=2030-01-01T12:06:00Z')).toEqual(ids.slice(2, 5));
  expect(await keys('from=2030-01-01T12:07:00.001Z')).toEqual([]);
  const found: string[] = [];
  for (let query = 'kind=delegation&limit=3'; ; ) {
    const { json } = await changes(query);
    found.push(...json.changes.map((one: { changes: { key: string }[] }) => one.changes[0]?.key));
    if (json.next === undefined) break;
    query = `kind=delegation&limit=3&before=${json.next}`;
    await office.delegate({ ...MAIL, to: 'agent:late' });
  }
  expect(found).toEqual(ids);
});

test('of a large write so much is told as a person reads, grants and revocations first', async () => {
  const write = (from: number) => ({
    writes: {
      tuple_keys: Array.from({ length: 100 }, (_, n) => ({
        user: 'user:dave',
        relation: 'viewer',
        object: `document:d${from + n}`,
      })),
    },
  });
  for (const from of [0, 100]) {
    const path = `/stores/${STORE_ID}/write`;
    expect((await office.ask('POST', path, { key: office.keys.author, body: write(from) })).status).toBe(200);
  }
  const id = await office.delegate({ ...MAIL, from: 'user:dave' });
  await office.ask('DELETE', '/v1/entities/user/dave', { key: office.keys.admin });
  const [deleted, , written] = (await changes('limit=3')).json.changes;
  expect(deleted).toMatchObject({ complete: false, counts: { entity: 1, relationship: 200, revocation: 1 } });
  expect(deleted.changes).toHaveLength(100);
  expect(deleted.changes.slice(0, 2)).toMatchObject([{ did: 'deleted' }, { did: 'revoked', delegation: { id } }]);
  expect(written).toMatchObject({ complete: true, counts: { relationship: 100 } });
});

describe('refuses', () => {
  test('whoever may not see everything', async () => {
    for (const key of [office.keys.gateway, office.keys.alice, office.keys.author]) {
      expect((await changes('', key)).status).toBe(403);
    }
    expect((await office.ask('GET', '/v1/changes')).status).toBe(401);
    expect((await changes('', office.keys.admin)).status).toBe(200);
  });

  test.each([
    ['kind=grant', 'kind: is relationship, delegation'],
    ['kind=', 'kind: is'],
    ['kind=delegation,', 'kind: is'],
    ['from=yesterday', 'from: "yesterday" is no time'],
    ['to=2030-13-01T00:00:00Z', 'is no time'],
    ['before=17', 'no revision of this store'],
    ['before=0f8a2a3e-0000-4000-8000-000000000000.1', 'no revision of this store'],
    ['limit=0', 'limit'],
    ['who=alice', 'who is unknown here'],
  ])('"%s"', async (query, words) => {
    const reply = await changes(query);
    expect([reply.status, reply.json.detail]).toEqual([400, expect.stringContaining(words)]);
  });
});

test('text that has no canonical form is refused, and says so', async () => {
  const id = await office.delegate({ ...MAIL, name: 'mail' });
  const reply = await office.ask('POST', `/v1/delegations/${id}/revoke`, {
    key: office.keys.admin,
    body: '{"reason": "half a pair: \\ud800"}',
  });
  expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
  expect(await texts('limit=1')).toEqual([`granted ${id} "mail" from user:alice to agent:mailer`]);
});
