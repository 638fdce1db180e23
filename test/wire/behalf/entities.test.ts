import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asking, MAIL, MAILER, type Office, openOffice } from '../office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';

function ask(method: Method, path: string, key: keyof Office['keys'] = 'admin', body?: unknown, headers = {}) {
  return office.ask(method, `/v1/entities${path.startsWith('?') ? '' : '/'}${path}`, {
    key: office.keys[key],
    headers,
    ...(body === undefined ? undefined : { body }),
  });
}

describe('the directory', () => {
  test('keeps roles and attributes, of principals and resources', async () => {
    const content = {
      roles: ['manager', 'auditor', 'manager'],
      attributes: { region: 'eu', limits: [1, { a: null }] },
    };
    const put = await ask('PUT', 'user/carol', 'author', content);
    expect(put.status).toBe(200);
    expect(put.headers['behalf-revision']).toBe(put.json.revision);
    const record = {
      entity: 'user:carol',
      roles: ['auditor', 'manager'],
      attributes: content.attributes,
      suspended: false,
      deleted: false,
    };
    expect(put.json).toEqual({ ...record, revision: office.ledger.token() });
    expect((await ask('GET', 'user/carol', 'auditor')).json).toEqual(put.json);
    const replaced = await ask('PUT', 'user/carol', 'author', {});
    expect(replaced.json).toMatchObject({ roles: [], attributes: {} });
  });

  test('decodes an id from its path once', async () => {
    const put = await ask('PUT', 'document/a%2Fb%25c', 'author', { attributes: { n: 1 } });
    expect(put.json.entity).toBe('document:a/b%c');
    expect((await ask('GET', 'document/a%2fb%25c')).json.entity).toBe('document:a/b%c');
    expect((await ask('GET', 'document/a/b')).status).toBe(404);
    const long = await ask('PUT', `document/${'%C3%A9'.repeat(128)}`, 'author', {});
    expect(long.json.entity).toBe(`document:${'é'.repeat(128)}`);
  });

  test('an idempotency key is bound to path and body', async () => {
    const headers = { 'idempotency-key': 'put-1' };
    const first = await ask('PUT', 'user/dave', 'author', { roles: ['x'] }, headers);
    expect((await ask('PUT', 'user/dave', 'author', { roles: ['x'] }, headers)).json).toEqual(first.json);
    expect((await ask('PUT', 'user/erin', 'author', { roles: ['x'] }, headers)).json.code).toBe('idempotency_mismatch');
  });
});

describe('changing some of it', () => {
  test('sets and takes away what is named, and nothing else', async () => {
    await ask('PUT', 'user/gina', 'author', { roles: ['x'], attributes: { a: { b: 1 }, c: 2, d: 3 } });
    await ask('POST', 'user/gina/suspend');
    const patched = await ask('PATCH', 'user/gina', 'author', { attributes: { a: { e: 4 }, c: null, never: null } });
    expect(patched.json).toMatchObject({ roles: ['x'], suspended: true });
    expect(patched.json.attributes).toEqual({ a: { e: 4 }, d: 3 });
    expect(patched.headers['behalf-revision']).toBe(patched.json.revision);
    const roles = await ask('PATCH', 'user/gina', 'author', { roles: ['z', 'y'] });
    expect(roles.json).toMatchObject({ roles: ['y', 'z'], attributes: { a: { e: 4 }, d: 3 } });
    expect((await ask('GET', 'user/gina')).json).toEqual(roles.json);
  });

  test('makes what is not there yet', async () => {
    const made = await ask('PATCH', 'document/fresh', 'author', { attributes: { a: 1, b: null } });
    expect(made.json).toMatchObject({ entity: 'document:fresh', roles: [], attributes: { a: 1 }, suspended: false });
  });

  test.each<[string, string, unknown, number]>([
    ['a role that is a type', 'user/gina', { roles: ['agent'] }, 422],
    ['an unknown type', 'robot/r2', { attributes: {} }, 422],
    ['a deleted entity', 'user/buried', { attributes: { a: 1 } }, 409],
    ['an attribute with __proto__', 'user/gina', '{"attributes":{"a":{"__proto__":{}}}}', 400],
    ['a misspelt member', 'user/gina', { attribute: {} }, 400],
    ['no body', 'user/gina', undefined, 400],
  ])('%s is refused', async (_what, path, body, status) => {
    await ask('DELETE', 'user/buried');
    const before = office.ledger.revision;
    expect((await ask('PATCH', path, 'author', body)).status).toBe(status);
    expect(office.ledger.revision).toBe(before);
  });

  test('what would become too much as a whole is refused', async () => {
    const half = Array(6000).fill(0);
    await ask('PUT', 'document/large', 'author', { attributes: { a: half } });
    const reply = await ask('PATCH', 'document/large', 'author', { attributes: { b: half } });
    expect([reply.status, reply.json.detail]).toEqual([422, expect.stringContaining('10000')]);
  });
});

describe('the list', () => {
  test('is of the names that begin so, in their order, page by page', async () => {
    for (const id of ['s/b', 's/a', 's2/c', 's/c'])
      await ask('PUT', `document/${encodeURIComponent(id)}`, 'author', {});
    const first = await ask('GET', '?prefix=document:s/&limit=2', 'auditor');
    const record = { roles: [], attributes: {}, suspended: false, deleted: false };
    expect(first.json).toEqual({
      entities: [
        { entity: 'document:s/a', ...record },
        { entity: 'document:s/b', ...record },
      ],
      next: 'document:s/b',
      revision: office.ledger.token(),
    });
    const second = await ask('GET', `?prefix=document:s/&limit=2&after=${encodeURIComponent(first.json.next)}`);
    expect(second.json.entities).toEqual([{ entity: 'document:s/c', ...record }]);
    expect(second.json).not.toHaveProperty('next');
  });
});

describe('suspending and deleting', () => {
  test('suspending keeps the rest, resuming restores it', async () => {
    await ask('PUT', 'user/frank', 'author', { roles: ['x'] });
    expect((await ask('POST', 'user/frank/suspend')).json).toMatchObject({ suspended: true, roles: ['x'] });
    expect((await ask('PUT', 'user/frank', 'author', { roles: ['y'] })).json).toMatchObject({
      suspended: true,
      roles: ['y'],
    });
    expect((await ask('POST', 'user/frank/resume')).json).toMatchObject({ suspended: false, roles: ['y'] });
  });

  test('suspending twice changes nothing more', async () => {
    const first = await ask('POST', 'agent/idle/suspend');
    const again = await ask('POST', 'agent/idle/suspend');
    expect(again.json.revision).toBe(first.json.revision);
  });

  test('a body that is not asked for does no harm', async () => {
    expect((await ask('POST', 'user/frank/resume', 'admin', '')).status).toBe(200);
    expect((await ask('POST', 'user/frank/resume', 'admin', {})).status).toBe(200);
  });

  test('deleting is final: delegations die, relationships go, the id is barred', async () => {
    const id = await office.delegate({ ...MAIL, to: 'agent:gone' });
    const deleted = await ask('DELETE', 'agent/gone');
    expect(deleted.json).toMatchObject({ entity: 'agent:gone', deleted: true, roles: [], attributes: {} });
    const view = await office.ask('GET', `/v1/delegations/${id}`, { key: office.keys.admin });
    expect(view.json).toMatchObject({ state: 'revoked', revoked: { reason: 'agent:gone was deleted' } });
    const put = await ask('PUT', 'agent/gone', 'author', {});
    expect([put.status, put.json.code]).toEqual([409, 'conflict']);
    expect((await ask('POST', 'agent/gone/resume')).status).toBe(409);
    const again = await ask('DELETE', 'agent/gone');
    expect([again.status, again.json.revision]).toEqual([200, office.ledger.token()]);
    const reply = await office.ask('POST', '/access/v1/evaluation', {
      key: office.keys.gateway,
      body: asking({ ...MAILER, id: 'gone' }, 'mail'),
    });
    expect(reply.json.decision).toBe(false);
  });
});

describe('who may', () => {
  test.each<[Method, string, unknown, Partial<Record<keyof Office['keys'], number>>]>([
    ['PUT', 'user/zoe', { roles: ['x'] }, { admin: 200, author: 200, auditor: 403, alice: 403, gateway: 403 }],
    [
      'PATCH',
      'user/zoe',
      { attributes: { a: 1 } },
      { admin: 200, author: 200, auditor: 403, alice: 403, gateway: 403 },
    ],
    ['GET', '?prefix=user:z', undefined, { admin: 200, author: 200, auditor: 200, alice: 403, gateway: 403 }],
    ['GET', 'user/zoe', undefined, { admin: 200, author: 200, auditor: 200, alice: 403, gateway: 403 }],
    ['POST', 'user/zoe/suspend', undefined, { author: 403, auditor: 403, alice: 403, gateway: 403, admin: 200 }],
    ['POST', 'user/zoe/resume', undefined, { author: 403, auditor: 403, alice: 403, gateway: 403, admin: 200 }],
    ['DELETE', 'user/zoe', undefined, { author: 403, auditor: 403, alice: 403, gateway: 403, admin: 200 }],
  ])('%s %s', async (method, path, body, expected) => {
    for (const [key, status] of Object.entries(expected)) {
      const before = office.ledger.revision;
      const reply = await ask(method, path, key as keyof Office['keys'], body);
      expect([key, reply.status]).toEqual([key, status]);
      if (status === 403) expect(office.ledger.revision).toBe(before);
    }
  });
});

describe('refusals', () => {
  test.each<[string, string, unknown, number]>([
    ['an unknown type', 'robot/r2', {}, 422],
    ['a role that is a type', 'user/eve', { roles: ['agent'] }, 422],
    ['an id with a star', 'user/a*', {}, 400],
    ['an id with a space', 'user/a%20b', {}, 400],
    ['an id with a line break', 'user/a%0Ab', {}, 400],
    ['an id with ..', 'user/a%2F..%2Fb', {}, 400],
    ['an id that is not NFC', 'user/e%CC%81', {}, 400],
    ['an id that is too long', `user/${'x'.repeat(257)}`, {}, 400],
    ['an id that no route takes', `user/${'x'.repeat(2000)}`, {}, 400],
    ['percent-encoding that is none', 'user/%zz', {}, 400],
    ['a number for a role', 'user/eve', { roles: [1] }, 400],
    ['a list for attributes', 'user/eve', { attributes: [] }, 400],
    ['a misspelt member', 'user/eve', { role: ['x'] }, 400],
    ['attributes with __proto__', 'user/eve', '{"attributes":{"__proto__":{}}}', 400],
    ['attributes that are too deep', 'user/eve', `{"attributes":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 400],
    ['attributes that are too many', 'user/eve', { attributes: { list: Array(10_001).fill(0) } }, 400],
    ['no body', 'user/eve', undefined, 400],
  ])('%s is refused', async (_what, path, body, status) => {
    const before = office.ledger.revision;
    const reply = await ask('PUT', path, 'author', body);
    expect([reply.status, reply.json.status, reply.json.detail]).toEqual([status, status, expect.stringMatching(/./)]);
    expect(office.ledger.revision).toBe(before);
  });

  test('nothing known is 404, other methods are 405', async () => {
    expect((await ask('GET', 'user/nobody')).status).toBe(404);
    const reply = await office.ask('POST', '/v1/entities/user/alice');
    expect([reply.status, reply.headers.allow]).toEqual([405, 'DELETE, GET, HEAD, PATCH, PUT']);
  });
});
