import { afterAll, beforeAll, expect, test } from 'vitest';
import { asking, MAILER, type Office, openOffice } from '../office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const GATEWAY = { id: 'new', roles: ['check'], actors: ['agent:*'], origins: ['user:*'], vouches: ['user:*'] };

function add(body: unknown, key: keyof Office['keys'] = 'admin') {
  return office.ask('POST', '/v1/callers', { key: office.keys[key], body });
}

test('a caller is added, its key shown once, works, and is dead on the call after its removal', async () => {
  const added = await add(GATEWAY);
  expect(added.status).toBe(201);
  expect(added.headers['cache-control']).toBe('no-store');
  const { key, caller, revision } = added.json;
  expect(added.headers['behalf-revision']).toBe(revision);
  expect(key).toMatch(/^bhf\.new\.[A-Za-z0-9_-]{43}$/);
  expect(caller).toEqual({ ...GATEWAY, direct: false, asserts: [], mode: 'enforce' });

  const list = await office.ask('GET', '/v1/callers', { key: office.keys.admin });
  expect(list.json.callers).toContainEqual(caller);
  expect(list.json.callers.map(({ id }: { id: string }) => id)).toEqual([
    'admin',
    'alice',
    'auditor',
    'author',
    'bob',
    'gateway',
    'mailer',
    'new',
  ]);
  expect(list.text).not.toMatch(/hash|bhf\./);

  const evaluate = () => office.ask('POST', '/access/v1/evaluation', { key, body: asking(MAILER, 'mail') });
  expect((await evaluate()).status).toBe(200);
  const removed = await office.ask('DELETE', '/v1/callers/new', { key: office.keys.admin });
  expect(removed.json.revision).toBe(office.ledger.token());
  expect((await evaluate()).status).toBe(401);
  expect((await add(GATEWAY)).status).toBe(201);
  expect((await evaluate()).status).toBe(401);
});

test('everybody learns who they are, and nothing of anybody else', async () => {
  const mailer = await office.ask('GET', '/v1/caller', { key: office.keys.mailer });
  expect(mailer.status).toBe(200);
  expect(mailer.json).toMatchObject({ id: 'mailer', principal: 'agent:mailer', origins: ['user:*'] });
  expect(mailer.text).not.toMatch(/hash|bhf\./);
  expect((await office.ask('GET', '/v1/caller', { key: office.keys.gateway })).json).not.toHaveProperty('principal');
  expect((await office.ask('GET', '/v1/caller', { key: `${office.keys.mailer}x` })).status).toBe(401);
  expect((await office.ask('GET', '/v1/caller')).status).toBe(401);
});

test('the key is nowhere in the store', async () => {
  const { key } = (await add({ ...GATEWAY, id: 'secret' })).json;
  expect(JSON.stringify([...office.ledger.store.rows()])).not.toContain(key.slice(-43));
});

test.each<[string, unknown, number, string]>([
  ['an id that is taken', { ...GATEWAY, id: 'admin' }, 409, 'conflict'],
  ['the id of the dev caller', { ...GATEWAY, id: 'dev' }, 422, 'unprocessable'],
  ['no roles', { id: 'x' }, 400, 'invalid'],
  ['empty roles', { id: 'x', roles: [] }, 422, 'unprocessable'],
  ['an unknown role', { id: 'x', roles: ['root'] }, 400, 'invalid'],
  ['a misspelt restriction', { ...GATEWAY, id: 'x', actor: ['agent:x'] }, 400, 'invalid'],
  ['a pattern that is none', { ...GATEWAY, id: 'x', origins: ['user:a*'] }, 422, 'unprocessable'],
  ['an agent that is none', { ...GATEWAY, id: 'x', agents: { a: 'b' } }, 422, 'unprocessable'],
])('%s is refused', async (_what, body, status, code) => {
  const before = office.ledger.revision;
  const reply = await add(body);
  expect([reply.status, reply.json.code]).toEqual([status, code]);
  expect(office.ledger.revision).toBe(before);
});

test.each(['author', 'auditor', 'alice', 'gateway'] as const)('%s may not', async (key) => {
  const before = office.ledger.revision;
  expect((await add({ ...GATEWAY, id: 'x' }, key)).status).toBe(403);
  expect((await office.ask('GET', '/v1/callers', { key: office.keys[key] })).status).toBe(403);
  expect((await office.ask('DELETE', '/v1/callers/bob', { key: office.keys[key] })).status).toBe(403);
  expect(office.ledger.revision).toBe(before);
});

test('removing nobody is 404', async () => {
  expect((await office.ask('DELETE', '/v1/callers/nobody', { key: office.keys.admin })).status).toBe(404);
});
