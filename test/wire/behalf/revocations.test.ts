import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asking, BOB, MAIL, MAILER, type Office, openOffice } from '../office.ts';

let office: Office;
let root: string;
let child: string;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office[Symbol.asyncDispose]());
beforeEach(async () => {
  root = await office.delegate({ ...MAIL, from: 'user:alice' });
  child = await office.delegate({
    parent: root,
    to: 'agent:reader',
    capabilities: [{ actions: ['read'], resources: ['document:*'] }],
  });
});

// Live ones between the same two are capped.
afterEach(() => revoke(root, 'admin'));

function revoke(id: string, key: keyof Office['keys'], body: unknown = { reason: 'over' }, headers = {}) {
  return office.ask('POST', `/v1/delegations/${id}/revoke`, { key: office.keys[key], body, headers });
}

describe('revoking', () => {
  test('kills the subtree, says so, and is idempotent', async () => {
    const reply = await revoke(root, 'alice');
    expect(reply.status).toBe(200);
    expect(reply.headers['behalf-revision']).toBe(reply.json.revision);
    expect(reply.json).toMatchObject({
      delegation: root,
      dry_run: false,
      already: false,
      at: '2030-01-01T12:00:00.000Z',
    });
    expect(reply.json.dies).toEqual([
      { delegation: root, name: 'mail for alice', from: 'user:alice', to: 'agent:mailer', depth: 1 },
      { delegation: child, from: 'agent:mailer', to: 'agent:reader', depth: 2 },
    ]);
    const again = await revoke(root, 'alice');
    expect(again.json).toMatchObject({ already: true, dies: [], revision: reply.json.revision });
    const view = (await office.ask('GET', `/v1/delegations/${child}`, { key: office.keys.admin })).json;
    expect(view).toMatchObject({
      state: 'revoked',
      revoked: { delegation: root, by: 'alice', reason: 'over', at: '2030-01-01T12:00:00.000Z' },
    });
  });

  test('a dry run tells what would die and who keeps what, and changes nothing', async () => {
    const other = await office.delegate({ ...MAIL, name: 'another' });
    const before = office.ledger.revision;
    const reply = await revoke(root, 'admin', { reason: 'to see', dry_run: true });
    expect(reply.json).toMatchObject({ dry_run: true, already: false });
    expect(reply.json.at).toBeUndefined();
    expect(reply.json.keeps).toContainEqual({ to: 'agent:mailer', through: other, capabilities: MAIL.capabilities });
    expect(office.ledger.revision).toBe(before);
  });

  test('an origin withdraws a template for itself only', async () => {
    const template = await office.delegate({ ...MAIL, from: 'user:*', name: 'everyone' });
    const reply = await revoke(template, 'bob', { reason: 'not for me', on_behalf_of: 'user:bob' });
    expect(reply.json).toMatchObject({ on_behalf_of: 'user:bob', already: false });
    const ask = async (origin: object) =>
      (
        await office.ask('POST', '/access/v1/evaluation', {
          key: office.keys.gateway,
          body: asking(MAILER, 'read', origin, { delegation: template }),
        })
      ).json.decision;
    expect([await ask(BOB), await ask({ type: 'user', id: 'alice' })]).toEqual([false, true]);
    const view = (await office.ask('GET', `/v1/delegations/${template}`, { key: office.keys.admin })).json;
    expect(view.withdrawn).toMatchObject([{ origin: 'user:bob', by: 'bob', reason: 'not for me' }]);
  });

  test('an idempotency key gives the first answer again', async () => {
    const headers = { 'idempotency-key': `revoke-${root}` };
    const first = await revoke(root, 'admin', { reason: 'over' }, headers);
    const again = await revoke(root, 'admin', { reason: 'over' }, headers);
    expect(again.json).toEqual(first.json);
    expect((await revoke(root, 'admin', { reason: 'other' }, headers)).json.code).toBe('idempotency_mismatch');
  });
});

describe('who may', () => {
  test.each<[string, keyof Office['keys'], 'root' | 'child', number]>([
    ['the delegator', 'alice', 'root', 200],
    ['the holder, renouncing', 'mailer', 'root', 200],
    ['a delegator further up', 'alice', 'child', 200],
    ['the delegator of the child', 'mailer', 'child', 200],
    ['an administrator', 'admin', 'child', 200],
    ['an auditor, who may know of it', 'auditor', 'root', 403],
    ['another person', 'bob', 'root', 404],
    ['a gateway', 'gateway', 'root', 404],
    ['an author', 'author', 'root', 404],
  ])('%s', async (_who, key, which, status) => {
    const before = office.ledger.revision;
    const reply = await revoke(which === 'root' ? root : child, key);
    expect(reply.status).toBe(status);
    if (status !== 200) expect(office.ledger.revision).toBe(before);
  });

  test('nobody withdraws for somebody else but an administrator', async () => {
    const template = await office.delegate({ ...MAIL, from: 'user:*', name: 'everyone' });
    expect((await revoke(template, 'alice', { reason: 'x', on_behalf_of: 'user:bob' })).status).toBe(403);
    expect((await revoke(template, 'mailer', { reason: 'x', on_behalf_of: 'user:bob' })).status).toBe(403);
    expect((await revoke(template, 'admin', { reason: 'x', on_behalf_of: 'user:bob' })).status).toBe(200);
  });
});

test('whoever withdraws from what is for somebody else does not learn that it exists', async () => {
  const body = { reason: 'x', on_behalf_of: 'user:bob' };
  const hidden = await revoke(root, 'bob', body);
  const none = await revoke('dlg_none', 'bob', body);
  expect([hidden.status, none.status]).toEqual([404, 404]);
  expect(hidden.json.detail.replace(root, 'X')).toBe(none.json.detail.replace('dlg_none', 'X'));
});

describe('refusals', () => {
  test.each<[string, unknown, number]>([
    ['no reason', {}, 400],
    ['an empty reason', { reason: '' }, 400],
    ['a reason without end', { reason: 'x'.repeat(1025) }, 400],
    ['text for dry_run', { reason: 'x', dry_run: 'true' }, 400],
    ['a misspelt dry run, which would revoke', { reason: 'x', dryrun: true }, 400],
    ['an origin without a type', { reason: 'x', on_behalf_of: 'alice' }, 400],
    ['an origin that it is not for', { reason: 'x', on_behalf_of: 'user:bob' }, 422],
    ['a list', [], 400],
  ])('%s: %#', async (_what, body, status) => {
    const before = office.ledger.revision;
    expect((await revoke(root, 'admin', body)).status).toBe(status);
    expect(office.ledger.revision).toBe(before);
  });

  test('what does not exist is 404, other methods are 405', async () => {
    expect((await revoke('dlg_none', 'admin')).status).toBe(404);
    expect((await office.ask('GET', `/v1/delegations/${root}/revoke`, { key: office.keys.admin })).status).toBe(405);
  });
});
