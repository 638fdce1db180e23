import { afterAll, beforeEach, expect, test } from 'vitest';
import { LogRate } from '../../src/engine/log-rate.ts';
import { ALICE, asking, MAILER, OFFICE, Q3 } from './office.ts';
import { openServer } from './server-under-test.ts';

const clock = { now: 0 };
const server = openServer({ files: OFFICE, rate: new LogRate(2, () => clock.now) });
const names = { actors: ['agent:*'], origins: ['user:*'], vouches: ['user:*'], direct: true };
const key = server.key({ id: 'gateway', roles: ['check'], ...names });
const admin = server.key({ id: 'admin', roles: ['check', 'administer'], ...names });
const question = asking(MAILER, 'read');
afterAll(() => server[Symbol.asyncDispose]());

/** Everything that the caller had is used, and nothing more. */
beforeEach(async () => {
  clock.now += 60_000;
  const batch = { ...question, evaluations: Array.from({ length: 12 }, () => ({})) };
  const reply = await server.ask('POST', '/access/v1/evaluations', { key, body: batch });
  expect([reply.status, reply.json.evaluations.length]).toEqual([200, 12]);
});

const CERBOS = {
  principal: { id: 'alice', roles: ['user'] },
  resources: [{ actions: ['read', 'mail'], resource: { kind: 'document', id: 'q3' } }],
};
const doors: readonly [string, object][] = [
  ['/access/v1/evaluation', question],
  ['/access/v1/evaluations', { ...question, evaluations: [{}, {}] }],
  ['/access/v1/search/action', { subject: ALICE, resource: Q3 }],
  ['/api/check/resources', CERBOS],
];

test.each(doors)('%s: 429, says when to come again, and records nothing', async (url, body) => {
  const before = server.log.state.last.sequence;
  const reply = await server.ask('POST', url, { key, body });
  expect([reply.status, reply.headers['retry-after']]).toEqual([429, '5']);
  expect(reply.text).toMatch(/gateway asks for more than 2 decisions a second.*wait 5 s/);
  expect(server.log.state.last.sequence).toBe(before);

  expect((await server.ask('POST', url, { key: admin, body })).status).toBe(200);
  clock.now += 4500;
  expect((await server.ask('POST', url, { key, body })).status).toBe(200);
});
