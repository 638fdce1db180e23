import { afterEach, expect, test } from 'vitest';
import { LogError } from '../../../src/audit/log.ts';
import { LogRate } from '../../../src/engine/log-rate.ts';
import { DecisionMeters, meteredLog } from '../../../src/engine/meters.ts';
import { parsePrometheus } from '../../support/prometheus.ts';
import { logLike, openServer, type ServerUnderTest } from '../server-under-test.ts';

const FILES = [
  {
    path: 'model/main.fga',
    text: 'model\n  schema 1.1\ntype user\ntype agent\ntype tool\n  relations\n    define can_call: [user]\n',
  },
];

let server: ServerUnderTest | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

function start(readers: 'open' | 'audit', more: Partial<Parameters<typeof openServer>[0]> = {}): ServerUnderTest {
  const meters = new DecisionMeters();
  const { wrapLog = (log) => log, ...rest } = more;
  server = openServer({
    files: FILES,
    metrics: { meters, readers },
    wrapLog: (log) => meteredLog(wrapLog(log), meters),
    ...rest,
  });
  return server;
}

const evaluate = (world: ServerUnderTest, key: string, user: string) =>
  world.ask('POST', '/access/v1/evaluation', {
    key,
    body: {
      subject: { type: 'user', id: user },
      action: { name: 'call' },
      resource: { type: 'tool', id: `secret-${user}` },
    },
  });

async function scrape(world: ServerUnderTest, key?: string) {
  const { status, text, headers } = await world.ask('GET', '/metrics', key === undefined ? {} : { key });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return { text, families: parsePrometheus(text) };
}

const GATEWAY = {
  id: 'gateway',
  roles: ['check'],
  actors: ['*'],
  origins: ['*'],
  vouches: ['*'],
  direct: true,
} as const;

test('decisions are counted by outcome and reason, with their times, and counters never fall', async () => {
  const world = start('open');
  const key = world.key(GATEWAY);
  const before = await scrape(world);
  expect(before.families.get('behalf_decisions_total')?.samples.size).toBe(0);
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => evaluate(world, key, `person${n}`)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const scrapes = [before];
  for (let n = 0; n < 3; n += 1) {
    scrapes.push(await scrape(world));
    await evaluate(world, key, `more${n}`);
  }
  const counters = [...before.families].filter(([, { type }]) => type !== 'gauge').map(([name]) => name);
  for (const [index, { families }] of scrapes.entries()) {
    for (const name of index === 0 ? [] : counters) {
      for (const [sample, value] of scrapes[index - 1]?.families.get(name)?.samples ?? []) {
        expect(families.get(name)?.samples.get(sample)).toBeGreaterThanOrEqual(value);
      }
    }
  }
  const { families, text } = await scrape(world);
  const denied = [...(families.get('behalf_decisions_total')?.samples ?? [])];
  expect(denied).toEqual([['behalf_decisions_total{outcome="deny",reason="not_entitled"}', 33]]);
  for (const name of [
    'behalf_decision_duration_seconds',
    'behalf_log_append_duration_seconds',
    'behalf_decision_chain_hops',
  ]) {
    expect(families.get(name)?.samples.get(`${name}_count`), name).toBe(33);
  }
  const gauge = (name: string, labels = '') => families.get(name)?.samples.get(name + labels);
  expect(gauge('behalf_log_last_sequence')).toBe(33);
  expect(gauge('behalf_log_bytes')).toBeGreaterThan(10_000);
  expect(gauge('behalf_log_waiting_records')).toBe(0);
  expect(gauge('behalf_log_oldest_waiting_seconds')).toBe(0);
  expect(gauge('behalf_log_status', '{status="ok"}')).toBe(1);
  expect(gauge('behalf_callers')).toBe(1);
  expect(gauge('behalf_revision')).toBe(world.ledger.revision);
  expect(gauge('behalf_bundle_info', `{digest="${world.ledger.bundle.digest}"}`)).toBe(1);
  expect(gauge('behalf_checkpoint_uncovered_records')).toBeGreaterThanOrEqual(0);
  expect(gauge('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  // Nothing names anybody.
  expect(text).not.toMatch(/person|more1|secret|gateway/);
});

test('what is refused by rate, and what the log does not take, is counted', async () => {
  let broken = false;
  const world = start('open', {
    rate: new LogRate(1),
    wrapLog: (log) =>
      logLike(log, { append: (entry) => (broken ? Promise.reject(new LogError('full')) : log.append(entry)) }),
  });
  const key = world.key(GATEWAY);
  const auditor = world.key({ ...GATEWAY, id: 'auditor', roles: ['check', 'audit'] });
  const statuses: number[] = [];
  for (let n = 0; n < 6; n += 1) statuses.push((await evaluate(world, key, 'alice')).status);
  const refused = statuses.filter((status) => status === 429).length;
  expect(refused).toBeGreaterThan(0);
  broken = true;
  expect((await evaluate(world, auditor, 'alice')).status).toBe(503);
  const { families } = await scrape(world);
  const value = (name: string) => families.get(name)?.samples.get(name);
  expect(value('behalf_rate_limited_requests_total')).toBe(refused);
  expect(value('behalf_decisions_unrecorded_total')).toBe(1);
});

test('where they are for auditors, others are refused', async () => {
  const world = start('audit');
  const key = world.key(GATEWAY);
  const auditor = world.key({ ...GATEWAY, id: 'auditor', roles: ['audit'] });
  expect((await world.ask('GET', '/metrics')).status).toBe(401);
  expect((await world.ask('GET', '/metrics', { key })).status).toBe(403);
  await scrape(world, auditor);
});
