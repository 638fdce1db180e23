import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, asking, MAIL, MAILER, type Office, openOffice } from '../office.ts';

let office: Office;
let session: string;

beforeAll(async () => {
  office = await openOffice();
  session = await office.delegate({ ...MAIL, activation: 'session', max_session: 600 });
});
afterAll(() => office[Symbol.asyncDispose]());

function activate(key: keyof Office['keys'], body: unknown = { origin: 'user:alice' }, id = session, headers = {}) {
  return office.ask('POST', `/v1/delegations/${id}/activations`, { key: office.keys[key], body, headers });
}

function end(key: keyof Office['keys'], activation: string, id = session) {
  return office.ask('DELETE', `/v1/delegations/${id}/activations/${activation}`, { key: office.keys[key] });
}

async function mails(): Promise<unknown> {
  const body = asking(MAILER, 'mail', ALICE, { delegation: session });
  return (await office.ask('POST', '/access/v1/evaluation', { key: office.keys.gateway, body })).json;
}

test('a session opens, lasts as long as it was asked for, and is over', async () => {
  expect(await mails()).toMatchObject({ decision: false, context: { reason: 'session_required' } });
  const opened = await activate('alice', { origin: 'user:alice', seconds: 60 });
  expect(opened.status).toBe(201);
  expect(opened.headers['behalf-revision']).toBe(opened.json.revision);
  expect(opened.json.activation).toMatchObject({
    delegation: session,
    origin: 'user:alice',
    by: 'alice',
    created_at: '2030-01-01T12:00:00.000Z',
    expires_at: '2030-01-01T12:01:00.000Z',
  });
  expect(await mails()).toMatchObject({ decision: true });
  const view = await office.ask('GET', `/v1/delegations/${session}`, { key: office.keys.alice });
  expect(view.json.activations).toEqual([opened.json.activation]);
  office.clock.now += 60_000;
  expect(await mails()).toMatchObject({ decision: false });
});

test('a session ends by hand, at once', async () => {
  const { activation } = (await activate('gateway')).json;
  expect(await mails()).toMatchObject({ decision: true });
  const ended = await end('gateway', activation.id);
  expect([ended.status, ended.json.revision]).toEqual([200, office.ledger.token()]);
  expect(await mails()).toMatchObject({ decision: false });
  expect((await end('gateway', activation.id)).status).toBe(404);
});

test('an idempotency key gives the first session again', async () => {
  const headers = { 'idempotency-key': 'open-1' };
  const first = await activate('alice', { origin: 'user:alice' }, session, headers);
  const again = await activate('alice', { origin: 'user:alice' }, session, headers);
  expect(again.json).toEqual(first.json);
});

describe('who may', () => {
  test.each<[string, keyof Office['keys'], number]>([
    ['the origin', 'alice', 201],
    ['a caller that vouches for it', 'gateway', 201],
    ['not the holder', 'mailer', 403],
    ['not an administrator', 'admin', 403],
    ['not another person, who may not know of it', 'bob', 404],
    ['not an author', 'author', 404],
  ])('open: %s', async (_who, key, status) => {
    const before = office.ledger.revision;
    expect((await activate(key)).status).toBe(status);
    if (status !== 201) expect(office.ledger.revision).toBe(before);
  });

  test.each<[string, keyof Office['keys'], number]>([
    ['the origin', 'alice', 200],
    ['a caller that vouches for it', 'gateway', 200],
    ['the holder', 'mailer', 200],
    ['an administrator', 'admin', 200],
    ['not another person', 'bob', 404],
    ['not an author', 'author', 404],
  ])('end: %s', async (_who, key, status) => {
    const { activation } = (await activate('alice')).json;
    expect((await end(key, activation.id)).status).toBe(status);
  });
});

test('whoever vouches for somebody else does not learn that it exists', async () => {
  const body = { origin: 'user:bob' };
  const hidden = await activate('gateway', body);
  const none = await activate('gateway', body, 'dlg_none');
  expect([hidden.status, none.status]).toEqual([404, 404]);
  expect(hidden.json.detail.replace(session, 'X')).toBe(none.json.detail.replace('dlg_none', 'X'));
});

describe('refusals', () => {
  test.each<[string, unknown, number]>([
    ['no origin', {}, 400],
    ['an origin without a type', { origin: 'alice' }, 400],
    ['half a second', { origin: 'user:alice', seconds: 0.5 }, 400],
    ['no time', { origin: 'user:alice', seconds: 0 }, 422],
    ['longer than it may', { origin: 'user:alice', seconds: 601 }, 422],
    ['a misspelt member', { origin: 'user:alice', second: 5 }, 400],
  ])('%s', async (_what, body, status) => {
    const before = office.ledger.revision;
    expect((await activate('gateway', body)).status).toBe(status);
    expect(office.ledger.revision).toBe(before);
  });

  test('an origin that it is not for, a standing delegation, none at all', async () => {
    const key = office.key({ id: 'desk', roles: ['administer', 'check'], vouches: ['user:*'] });
    const body = { origin: 'user:bob' };
    const other = await office.ask('POST', `/v1/delegations/${session}/activations`, { key, body });
    expect([other.status, other.json.detail]).toEqual([422, expect.stringContaining('is for user:alice')]);
    const standing = await office.delegate({ ...MAIL, name: 'standing' });
    expect((await activate('gateway', { origin: 'user:alice' }, standing)).status).toBe(422);
    expect((await activate('gateway', { origin: 'user:alice' }, 'dlg_none')).status).toBe(404);
    const { activation } = (await activate('alice')).json;
    expect((await end('admin', activation.id, standing)).status).toBe(404);
  });
});
