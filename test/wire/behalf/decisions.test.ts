import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogError } from '../../../src/audit/log.ts';
import { ALICE, asking, MAIL, MAILER, type Office, openOffice, READER } from '../office.ts';
import { logLike } from '../server-under-test.ts';

let office: Office;
let mail: string;
const ids: string[] = [];

beforeAll(async () => {
  office = await openOffice();
  mail = await office.delegate(MAIL);
  for (const body of [asking(MAILER, 'mail'), asking(READER, 'read'), asking(MAILER, 'print', ALICE, { size: 3 })]) {
    const reply = await office.ask('POST', '/access/v1/evaluation', {
      key: office.keys.gateway,
      headers: { 'x-request-id': 'req-7' },
      body,
    });
    ids.push(reply.json.context.id);
    office.clock.now += 1000;
  }
});
afterAll(() => office[Symbol.asyncDispose]());

async function list(query: string): Promise<string[]> {
  const reply = await office.ask('GET', `/v1/decisions?${query}`, { key: office.keys.auditor });
  expect(reply.status).toBe(200);
  return reply.json.decisions.map(({ id }: { id: string }) => id);
}

test('a record tells everything, in the words of the API', async () => {
  const reply = await office.ask('GET', `/v1/decisions/${ids[2]}`, { key: office.keys.auditor });
  expect(reply.json).toMatchObject({
    id: ids[2],
    format: 2,
    node: 'test',
    sequence: 3,
    at: '2030-01-01T12:00:02.000Z',
    caller: 'gateway',
    request: {
      actor: 'agent:mailer',
      origin: 'user:alice',
      proof: 'vouched',
      action: 'print',
      resource: 'document:q3',
      context: { size: 3, on_behalf_of: ALICE },
    },
    decision: false,
    enforced: false,
    reason: 'not_entitled',
    reasons: ['not_entitled', 'not_covered'],
    chain: { delegation: mail, allowed: false },
    others: [],
    revision: office.ledger.token(),
    bundle: office.ledger.bundle.digest,
    request_id: 'req-7',
    previous: expect.stringMatching(/^[0-9a-f]{64}$/),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(reply.text).not.toMatch(/requestId|latencyUs|actionProperties/);
});

test('a list is newest first, filtered, in pages', async () => {
  expect(await list('')).toEqual([...ids].reverse());
  expect(await list('decision=true')).toEqual([ids[0]]);
  expect(await list('decision=false&actor=agent:mailer')).toEqual([ids[2]]);
  expect(await list('action=read')).toEqual([ids[1]]);
  expect(await list('origin=user:bob')).toEqual([]);
  expect(await list(`delegation=${mail}`)).toEqual([ids[2], ids[0]]);
  const first = await office.ask('GET', '/v1/decisions?limit=2', { key: office.keys.auditor });
  expect(first.json.decisions).toHaveLength(2);
  expect(await list(`limit=2&before=${first.json.next}`)).toEqual([ids[0]]);
});

test.each(['limit=0', 'limit=501', 'decision=maybe', 'actors=x'])('the query %s is 400', async (query) => {
  expect((await office.ask('GET', `/v1/decisions?${query}`, { key: office.keys.auditor })).status).toBe(400);
});

test.each(['gateway', 'author', 'alice'] as const)('%s may not look', async (key) => {
  for (const path of ['', `/${ids[0]}`, `/${ids[0]}/explain`]) {
    expect((await office.ask('GET', `/v1/decisions${path}`, { key: office.keys[key] })).status).toBe(403);
  }
});

test('a log that cannot be read is 503, not a bug and not an empty list', async () => {
  const fails = (): never => {
    throw new LogError('the record d_1 was changed');
  };
  await using broken = await openOffice({ wrapLog: (log) => logLike(log, { get: fails }) });
  const reply = await broken.ask('GET', '/v1/decisions/d_1', { key: broken.keys.auditor });
  expect([reply.status, reply.json.code, reply.json.detail]).toEqual([
    503,
    'log_unavailable',
    'the record d_1 was changed',
  ]);
});

test('pages begin nowhere else than at a record', async () => {
  const reply = await office.ask('GET', '/v1/decisions?before=nothing', { key: office.keys.auditor });
  expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
});

test.each(['d_none', 'd_0000000009_test', '%2e%2e%2fstore'])('there is no decision %s: 404', async (id) => {
  expect((await office.ask('GET', `/v1/decisions/${id}`, { key: office.keys.auditor })).status).toBe(404);
});
