import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asking, MAIL, MAILER, type Office, openOffice } from './office.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office[Symbol.asyncDispose]());

const admin = () => ({ key: office.keys.admin });
const SESSION = { ...MAIL, name: 'by session', activation: 'session', max_session: 3600 };

describe('a suspended principal', () => {
  test('makes nothing, may end what there is, and makes again once it is resumed', async () => {
    const id = await office.delegate(MAIL);
    const onward = { parent: id, to: 'agent:reader', capabilities: MAIL.capabilities };
    const handOn = () => office.ask('POST', '/v1/delegations', { key: office.keys.mailer, body: onward });
    const own = await handOn();
    expect(own.status).toBe(201);
    await office.ask('POST', '/v1/entities/agent/mailer/suspend', admin());
    const refused = await handOn();
    expect(refused.status).toBe(403);
    expect(refused.json.detail).toContain('agent:mailer');
    expect(refused.json.detail).toContain('suspended');
    const revoked = await office.ask('POST', `/v1/delegations/${own.json.delegation.id}/revoke`, {
      key: office.keys.mailer,
      body: { reason: 'over' },
    });
    expect(revoked.status).toBe(200);
    await office.ask('POST', '/v1/entities/agent/mailer/resume', admin());
    expect((await handOn()).status).toBe(201);
  });

  test('opens no session, and nobody opens one for it', async () => {
    const id = await office.delegate(SESSION);
    const open = (key: string) =>
      office.ask('POST', `/v1/delegations/${id}/activations`, { key, body: { origin: 'user:alice' } });
    await office.ask('POST', '/v1/entities/user/alice/suspend', admin());
    expect((await open(office.keys.alice)).status).toBe(422);
    expect((await open(office.keys.gateway)).status).toBe(422);
    await office.ask('POST', '/v1/entities/user/alice/resume', admin());
    expect((await open(office.keys.alice)).status).toBe(201);
  });

  test('is a principal: what is none is refused, and told why', async () => {
    for (const entity of ['group/finance', 'document/q3']) {
      const { status, json } = await office.ask('POST', `/v1/entities/${entity}/suspend`, admin());
      expect(status).toBe(422);
      expect(json.detail).toContain('is no principal');
    }
    for (const entity of ['user/bob', 'agent/new']) {
      expect((await office.ask('POST', `/v1/entities/${entity}/suspend`, admin())).status).toBe(200);
    }
  });
});

describe('a session', () => {
  test('is not opened by whom it lets act, nor by those it hands on to, though they vouch', async () => {
    const id = await office.delegate(SESSION);
    const onward = { parent: id, to: 'agent:reader', capabilities: MAIL.capabilities };
    await office.ask('POST', '/v1/delegations', { ...admin(), body: onward });
    for (const agent of ['mailer', 'reader']) {
      const { json } = await office.ask('POST', '/v1/callers', {
        ...admin(),
        body: {
          id: `own-${agent}`,
          roles: ['check', 'delegate'],
          principal: `agent:${agent}`,
          origins: ['user:alice'],
          vouches: ['user:alice'],
        },
      });
      const { status, json: answer } = await office.ask('POST', `/v1/delegations/${id}/activations`, {
        key: json.key,
        body: { origin: 'user:alice' },
      });
      expect(status).toBe(403);
      expect(answer.detail).toContain('user:alice opens it');
    }
    const named = {
      id: 'its-host',
      roles: ['check'],
      actors: ['agent:mailer'],
      origins: ['user:*'],
      vouches: ['user:*'],
    };
    const host = await office.ask('POST', '/v1/callers', { ...admin(), body: named });
    const itsHost = { key: host.json.key, body: { origin: 'user:alice' } };
    expect((await office.ask('POST', `/v1/delegations/${id}/activations`, itsHost)).status).toBe(403);
    const vouching = await office.ask('POST', `/v1/delegations/${id}/activations`, {
      key: office.keys.gateway,
      body: { origin: 'user:alice' },
    });
    expect(vouching.status).toBe(201);
  });
});

describe('a deleted principal', () => {
  test('has no keys any more, and gets none', async () => {
    await office.ask('DELETE', '/v1/entities/user/bob', admin());
    expect((await office.ask('GET', '/v1/delegations', { key: office.keys.bob })).status).toBe(401);
    const again = { id: 'bob-2', roles: ['check'], principal: 'user:bob' };
    const made = await office.ask('POST', '/v1/callers', { ...admin(), body: again });
    expect(made.status).toBe(422);
    expect(made.json.detail).toContain('user:bob was deleted');
  });
});

test.each(['operator', 'dev'])('no caller is called %s', async (id) => {
  const { status, json } = await office.ask('POST', '/v1/callers', { ...admin(), body: { id, roles: ['check'] } });
  expect(status).toBe(422);
  expect(JSON.stringify(json)).toContain('take another id');
});

test('a check that waits for its record when its caller is removed is not answered', async () => {
  await office.delegate(MAIL);
  const append = office.log.append.bind(office.log);
  const removed = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  office.log.append = async (entry) => {
    waiting.resolve();
    await removed.promise;
    return append(entry);
  };
  const answer = office.ask('POST', '/access/v1/evaluation', {
    key: office.keys.gateway,
    body: asking(MAILER, 'read'),
  });
  await waiting.promise;
  expect((await office.ask('DELETE', '/v1/callers/gateway', admin())).status).toBe(200);
  removed.resolve();
  const { status, text } = await answer;
  expect(status).toBe(401);
  expect(text).not.toContain('decision');
});
