import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../../src/report/render.ts';
import { htmlFaults } from '../../support/check-html.ts';
import { asking, BOB, MAIL, MAILER, type Office, openOffice, READER } from '../office.ts';

let office: Office;
let mail: string;

const PERIOD = 'from=2030-01-01T00:00:00Z&to=2030-01-03T00:00:00Z';
const report = async (query = PERIOD, key: keyof Office['keys'] = 'auditor') =>
  office.ask('GET', `/v1/audit/report?${query}`, { key: office.keys[key] });

async function check(body: object, key?: string): Promise<string> {
  const reply = await office.ask('POST', '/access/v1/evaluation', { key: key ?? office.keys.gateway, body });
  expect(reply.status).toBe(200);
  return reply.json.context.id;
}
const admin = (method: 'POST' | 'DELETE', path: string, body?: object) =>
  office.ask(method, path, { key: office.keys.admin, ...(body === undefined ? {} : { body }) });
const wait = (ms: number): void => {
  office.clock.now += ms;
};

const ids: { [name: string]: string } = {};

beforeAll(async () => {
  office = await openOffice();
  mail = await office.delegate(MAIL);
  await office.delegate({
    ...MAIL,
    name: 'for bob',
    to: 'agent:printer',
    from: 'group:finance#member',
    expires_at: '2030-01-20T00:00:00Z',
  });
  await office.delegate({ ...MAIL, name: 'an hour', to: 'agent:other', expires_at: '2030-01-01T13:00:00Z' });
  await office.delegate({
    name: 'handed on',
    parent: mail,
    to: 'agent:reader',
    capabilities: [{ actions: ['read'], resources: ['document:*'], condition: '"<b>&amp;\\u202e" != ""' }],
  });
  ids.before = await check(asking(MAILER, 'mail'));
  await check(asking(READER, 'read'));
  await check(asking(READER, 'read', BOB));
  const watcher = office.key({
    id: 'watcher',
    roles: ['check'],
    mode: 'observe',
    actors: ['agent:*'],
    origins: ['user:*'],
    vouches: ['user:*'],
  });
  await check(asking(MAILER, 'print'), watcher);
  wait(2500);
  await admin('POST', '/v1/entities/agent/reader/suspend');
  wait(1000);
  ids.suspended = await check(asking(READER, 'read'));
  wait(1000);
  await admin('POST', `/v1/delegations/${mail}/revoke`, { reason: 'over <script>alert(1)</script>' });
  wait(300);
  ids.revoked = await check(asking(MAILER, 'mail'));
  wait(24 * 3600_000);
});
afterAll(() => office[Symbol.asyncDispose]());

describe('the report of a period', () => {
  test('counts what was decided', async () => {
    const { status, json } = await report();
    expect(status).toBe(200);
    expect(json).toMatchObject({ format: 1, node: 'test', period: { from: '2030-01-01T00:00:00.000Z' } });
    expect(json.decisions).toMatchObject({ total: 6, allowed: 2, denied: 4, observed: 1, searches: 0, superseded: 0 });
    expect(json.decisions.observers).toEqual([{ caller: 'watcher', count: 1 }]);
    expect(json.decisions.actors).toEqual({
      names: 2,
      top: [
        { name: 'agent:mailer', allowed: 1, denied: 2 },
        { name: 'agent:reader', allowed: 1, denied: 2 },
      ],
    });
    expect(json.decisions.resource_types.top).toEqual([{ name: 'document', allowed: 2, denied: 4 }]);
    expect(json.decisions.over_time.unit).toBe('hour');
    expect(json.decisions.over_time.points).toHaveLength(48);
    expect(json.decisions.over_time.points[12]).toEqual({ start: '2030-01-01T12:00:00.000Z', allowed: 2, denied: 4 });
    const reasons = json.decisions.reasons.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
    expect(reasons).toBe(4);
  });

  test('shows revocations, how fast they took effect, and that nothing was allowed after', async () => {
    const { json } = await report();
    expect(json.revocations).toMatchObject({ count: 2, held_against: 2, violations: [], violation_count: 0 });
    expect(json.revocations.shown).toMatchObject([
      {
        kind: 'suspended',
        subject: 'agent:reader',
        by: 'admin',
        credential: expect.stringMatching(/^key:[0-9a-f]{16}$/),
        last_allow: { at: '2030-01-01T12:00:00.000Z' },
        first_denial: { record: ids.suspended, at: '2030-01-01T12:00:03.500Z' },
        allows_after: 0,
      },
      {
        kind: 'revoked',
        subject: mail,
        name: 'mail for alice',
        from: 'user:alice',
        to: 'agent:mailer',
        reason: 'over <script>alert(1)</script>',
        at: '2030-01-01T12:00:04.500Z',
        first_denial: { record: ids.revoked, at: '2030-01-01T12:00:04.800Z' },
        allows_after: 0,
      },
    ]);
    expect(json.suspended).toEqual([{ entity: 'agent:reader', since: '2030-01-01T12:00:02.500Z', by: 'admin' }]);
  });

  test('shows the delegations in force at its end, and in force at an earlier one', async () => {
    const { json } = await report();
    expect(json.delegations).toMatchObject({
      live: 1,
      standing: 1,
      session: 0,
      templates: 1,
      without_end: 0,
      made: 4,
      ended: 3,
    });
    expect(json.delegations.depths).toEqual([{ depth: 1, delegations: 1 }]);
    expect(json.delegations.expiring).toMatchObject({ days: 30, count: 1, shown: [{ name: 'for bob' }] });
    expect(json.delegations.unused).toMatchObject({ days: 30, count: 0 });
    const early = await report('from=2030-01-01T00:00:00Z&to=2030-01-01T12:00:04Z&unused_days=0&expiring_days=1');
    expect(early.json.delegations).toMatchObject({
      live: 4,
      depths: [
        { depth: 1, delegations: 3 },
        { depth: 2, delegations: 1 },
      ],
    });
    expect(early.json.delegations.expiring.count).toBe(1);
    expect(early.json.delegations.unused.count).toBe(4);
    expect(early.json.revocations.count).toBe(1);
    expect(early.json.decisions.total).toBe(5);
  });

  test('shows policies, callers, and what came of deciding again', async () => {
    const { json } = await report();
    expect(json.bundles).toMatchObject([
      { digest: office.ledger.bundle.digest, act: 'publish', by: 'dev', decisions: 6 },
    ]);
    expect(json.bundles[0]).not.toHaveProperty('until');
    const watcher = json.callers.find(({ id }: { id: string }) => id === 'watcher');
    expect(watcher).toMatchObject({ roles: ['check'], mode: 'observe', decisions: 1 });
    expect(JSON.stringify(json)).not.toMatch(/key_hash/);
    expect(json.replay).toMatchObject({ replayed: 6, of: 6, same: 6, faults: 0, faulty: [] });
    expect(json.chain).toMatchObject({
      verified: 'not_verified',
      checkpoint: { size: 6, note: expect.stringContaining('behalf/test\n6\n') },
    });
  });

  test('is the same whenever it is made', async () => {
    const first = await report('from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z');
    wait(5000);
    const second = await report('from=2030-01-01T00:00:00Z&to=2030-01-02T00:00:00Z');
    expect(second.text).toBe(first.text);
    expect(renderReport(second.json)).toBe(renderReport(first.json));
  });

  test('is a valid page that shows names as they are', async () => {
    const { json } = await report();
    const page = renderReport(json);
    expect(htmlFaults(page)).toEqual([]);
    expect(page).toContain('over &lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('No decision of the period allows through anything that had ended');
    expect(page).not.toMatch(/compliant/i);
  });

  test('of a time without anything is one without anything', async () => {
    const { json } = await report('from=2029-01-01T00:00:00Z&to=2029-12-01T00:00:00Z');
    expect(json.decisions.total).toBe(0);
    expect(json.delegations.live).toBe(0);
    expect(json.decisions.over_time.unit).toBe('week');
    expect(htmlFaults(renderReport(json))).toEqual([]);
  });

  test('one at a time', async () => {
    const [one, other] = await Promise.all([report(), report()]);
    expect([one.status, other.status].sort()).toEqual([200, 409]);
    expect((await report()).status).toBe(200);
  });

  test.each([
    ['from=x&to=2030-01-01T00:00:00Z', /from: "x" is no time/],
    ['from=2030-01-01T00:00:00Z&to=x', /to: "x" is no time/],
    ['from=2030-01-01T00:00:00Z&to=2030-01-01T00:00:00Z', /to: must be after from/],
    ['from=2030-01-01T00:00:00Z', /to/],
    [`${PERIOD}&sample=x`, /sample/],
    [`${PERIOD}&days=3`, /days/],
  ])('%s is 400', async (query, message) => {
    const reply = await report(query);
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid']);
    expect(reply.json.detail).toMatch(message);
  });

  test.each(['gateway', 'author', 'alice'] as const)('is not for %s', async (key) => {
    expect((await report(PERIOD, key)).status).toBe(403);
  });
});
