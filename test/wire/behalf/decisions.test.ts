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

test('a list by everything that a record has', async () => {
  expect(await list('caller=gateway&principal=agent:mailer')).toEqual([ids[2], ids[0]]);
  expect(await list('principal=user:alice')).toEqual([...ids].reverse());
  expect(await list('resource=document:*')).toEqual([...ids].reverse());
  expect(await list('type=tool')).toEqual([]);
  expect(await list('reason=not_covered')).toEqual([ids[2]]);
  expect(await list('enforced=false&search=none')).toEqual([ids[2], ids[1]]);
  expect(await list(`bundle=${office.ledger.bundle.digest}&from=2030-01-01T12:00:01Z&to=2030-01-01T12:00:02Z`)).toEqual(
    [ids[1]],
  );
});

test('a list can be oldest first, and between two records', async () => {
  expect(await list('order=oldest')).toEqual(ids);
  const first = await office.ask('GET', '/v1/decisions?order=oldest&limit=2', { key: office.keys.auditor });
  expect(await list(`order=oldest&after=${first.json.next}`)).toEqual([ids[2]]);
  expect(await list(`after=${ids[0]}&before=${ids[2]}`)).toEqual([ids[1]]);
});

test('a summary counts by outcome, reason and whatever is asked, and by time', async () => {
  const reply = await office.ask(
    'GET',
    '/v1/decisions/summary?by=reason,actor,delegation&bucket=minute&from=2030-01-01T12:00:00Z&to=2030-01-01T12:01:00Z',
    { key: office.keys.auditor },
  );
  expect([reply.status, reply.json]).toEqual([
    200,
    {
      decisions: 3,
      allowed: 1,
      denied: 2,
      observed: 0,
      by: {
        reason: {
          values: [
            { value: 'allowed', allowed: 1, denied: 0 },
            { value: 'no_chain', allowed: 0, denied: 1 },
            { value: 'not_entitled', allowed: 0, denied: 1 },
          ],
          distinct: 3,
          missed: 0,
        },
        actor: {
          values: [
            { value: 'agent:mailer', allowed: 1, denied: 1 },
            { value: 'agent:reader', allowed: 0, denied: 1 },
          ],
          distinct: 2,
          missed: 0,
        },
        delegation: { values: [{ value: mail, allowed: 1, denied: 1 }], distinct: 1, missed: 0 },
      },
      buckets: [{ from: '2030-01-01T12:00:00.000Z', allowed: 1, denied: 2 }],
    },
  ]);
  const denied = await office.ask('GET', '/v1/decisions/summary?decision=false&top=1', { key: office.keys.auditor });
  expect(denied.json).toMatchObject({ decisions: 2, by: { resource: { values: [{ denied: 2 }], distinct: 1 } } });
});

test.each([
  'limit=0',
  'limit=501',
  'decision=maybe',
  'actors=x',
  'actor=mailer',
  'resource=tool:git*',
  'resource=*',
  'reason=why',
  'search=all',
  'from=yesterday',
  'order=random',
  'after=d_1',
])('the query %s is 400', async (query) => {
  expect((await office.ask('GET', `/v1/decisions?${query}`, { key: office.keys.auditor })).status).toBe(400);
});

test.each([
  ['by=colour', 'by: is reason, action,'],
  ['top=0', 'top'],
  ['bucket=week&from=2030-01-01T12:00:00Z', 'bucket: is minute, hour, day'],
  ['bucket=day', 'bucket: needs from'],
  ['bucket=minute&from=2020-01-01T12:00:00Z', 'at most 2000'],
  ['before=d_0', 'before: there is no decision'],
  ['actor=x', 'actor: "x" has no type'],
])('a summary of %s is 400', async (query, said) => {
  const reply = await office.ask('GET', `/v1/decisions/summary?${query}`, { key: office.keys.auditor });
  expect([reply.status, reply.json.detail]).toEqual([400, expect.stringContaining(said)]);
});

test.each(['gateway', 'author', 'alice'] as const)('%s may not look', async (key) => {
  for (const path of ['', '/summary', `/${ids[0]}`, `/${ids[0]}/explain`]) {
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
