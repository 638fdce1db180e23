import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, asking, BOB, MAIL, MAILER, OFFICE, type Office, openOffice, Q3, READER } from '../office.ts';

let office: Office;
let mail: string;
const ids: string[] = [];

const post = (path: string, body?: unknown, key: keyof Office['keys'] = 'auditor') =>
  office.ask('POST', path, { key: office.keys[key], ...(body === undefined ? {} : { body }) });

async function check(body: object, key: keyof Office['keys'] = 'gateway'): Promise<string> {
  const reply = await office.ask('POST', '/access/v1/evaluation', { key: office.keys[key], body });
  expect(reply.status).toBe(200);
  ids.push(reply.json.context.id);
  return reply.json.context.id;
}

beforeAll(async () => {
  office = await openOffice();
  mail = await office.delegate(MAIL);
  await check(asking(MAILER, 'mail'));
  await check(asking(MAILER, 'mail', ALICE, { night: true }));
  await check(asking(READER, 'read', BOB));
  office.clock.now += 60_000;
});
afterAll(() => office[Symbol.asyncDispose]());

describe('one decision', () => {
  test('is decided the same again, and now', async () => {
    const { status, json } = await post(`/v1/decisions/${ids[0]}/replay`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      record: { id: ids[0], decision: true },
      same: true,
      differences: [],
      replayed: { decision: true, reason: 'allowed', revision: json.record.revision },
      now: { decision: true, at: '2030-01-01T12:01:00.000Z', differences: [], since: [], complete: true },
    });
    expect(json.replayed.chain).toEqual(json.record.chain);
    expect(json).not.toHaveProperty('not_replayable');
  });

  test('once something was revoked, now says so, and who did it', async () => {
    await post(`/v1/delegations/${mail}/revoke`, { reason: 'left the company' }, 'admin');
    await post('/v1/entities/user/alice/suspend', undefined, 'admin');
    const { json } = await post(`/v1/decisions/${ids[0]}/replay`);
    expect([json.same, json.differences]).toEqual([true, []]);
    expect(json.now).toMatchObject({ decision: false, reasons: expect.arrayContaining(['suspended', 'revoked']) });
    expect(json.now.differences[0]).toEqual({ at: 'allowed', recorded: true, replayed: false });
    expect(json.now.since).toMatchObject([
      { act: 'suspend', by: 'admin', did: 'suspended', key: 'user:alice', credential: expect.stringMatching(/^key:/) },
      { act: 'revoke', by: 'admin', did: 'revoked', text: expect.stringContaining('left the company') },
    ]);
    await post('/v1/entities/user/alice/resume', undefined, 'admin');
  });

  test('that never was decided cannot be again', async () => {
    const epoch = office.ledger.token().replace(/\.\d+$/, '');
    const id = await check(asking(MAILER, 'mail', ALICE, { revision: `${epoch}.999999` }));
    const { json } = await post(`/v1/decisions/${id}/replay`);
    expect(json).toMatchObject({
      same: false,
      not_replayable: { because: 'stale', why: expect.stringContaining('nothing was decided') },
      differences: [],
    });
    expect(json).not.toHaveProperty('replayed');
  });

  test.each(['gateway', 'author', 'alice'] as const)('is not for %s', async (key) => {
    expect((await post(`/v1/decisions/${ids[0]}/replay`, undefined, key)).status).toBe(403);
  });

  test('that is not there: 404', async () => {
    expect((await post('/v1/decisions/d_0000000999_test/replay')).status).toBe(404);
  });
});

describe('many decisions', () => {
  test('of every door, between writes, are decided the same again', async () => {
    const batch = { ...asking(MAILER, 'read'), evaluations: [{ action: { name: 'mail' } }, {}] };
    await office.ask('POST', '/access/v1/evaluations', { key: office.keys.gateway, body: batch });
    await office.delegate({ ...MAIL, name: 'again' });
    await office.ask('POST', '/access/v1/search/action', {
      key: office.keys.gateway,
      body: { subject: MAILER, resource: Q3, context: { on_behalf_of: ALICE } },
    });
    await check(asking(MAILER, 'mail'));
    const published = await office.ask('POST', '/v1/bundles', {
      key: office.keys.author,
      body: { files: [{ ...OFFICE[0], text: `${OFFICE[0]?.text}\n` }, OFFICE[1]] },
    });
    expect(published.status).toBe(200);
    await check(asking(MAILER, 'mail'));
    const { json } = await post('/v1/audit/replay', {});
    const { last } = office.log.state;
    expect(json).toMatchObject({
      of: last.sequence,
      looked: last.sequence,
      replayed: last.sequence,
      same: last.sequence - 1,
      faults: 0,
      not_replayable: { stale: 1, redacted: 0 },
      other_rules: { same: 0, denied: 0, allowed: 0, reasons: 0, path: 0 },
      faulty: [],
    });
    expect(json).not.toHaveProperty('next');
  });

  test('of a period, or drawn, with the seed told', async () => {
    const { json: early } = await post('/v1/audit/replay', { to: '2030-01-01T12:00:30Z' });
    expect(early).toMatchObject({ replayed: 3, same: 3 });
    const { json: drawn } = await post('/v1/audit/replay', { sample: 2 });
    expect(drawn).toMatchObject({ of: 2, replayed: 2, seed: office.log.state.last.hash });
  });

  test('page by page: a page goes on where the one before ended', async () => {
    const of = office.log.state.last.sequence;
    const after = Buffer.from(JSON.stringify({ range: { first: 1, last: of }, looked: of - 2 })).toString('base64url');
    const { json } = await post('/v1/audit/replay', { after });
    expect([json.replayed, json.looked, json.of]).toEqual([2, of, of]);
  });

  test('at once, which wait for one another', async () => {
    const all = await Promise.all([1, 2, 3].map(() => post('/v1/audit/replay', {})));
    expect(new Set(all.map(({ json }) => json.same)).size).toBe(1);
    expect(all.every(({ json }) => json.faults === 0)).toBe(true);
  });

  test.each([
    [{ from: 'yesterday' }, /from: "yesterday" is no time/],
    [{ from: '2030-01-02T00:00:00Z', to: '2030-01-01T00:00:00Z' }, /from must be before to/],
    [{ after: 'nonsense' }, /no next of a page/],
    [{ after: Buffer.from('{"range":{"first":1,"last":-1},"looked":0}').toString('base64url') }, /no next of a page/],
    [{ after: Buffer.from('null').toString('base64url') }, /no next of a page/],
    [{ sample: 0 }, /sample/],
    [{ sample: 1_000_000 }, /sample/],
    [{ all: true }, /all/],
  ])('%j is 400', async (body, message) => {
    const reply = await post('/v1/audit/replay', body);
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
    expect(reply.json.detail).toMatch(message);
  });

  test.each(['gateway', 'author', 'alice'] as const)('are not for %s', async (key) => {
    expect((await post('/v1/audit/replay', {}, key)).status).toBe(403);
  });
});
