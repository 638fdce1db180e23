import { expect, test } from 'vitest';
import type { Evidence } from '../../../src/audit/checkpoints/evidence.ts';
import type { DecisionLog } from '../../../src/audit/log.ts';
import { asking, MAILER, OFFICE } from '../office.ts';
import { logLike, openServer } from '../server-under-test.ts';

test('alive and ready need no key, and ready says what it rests on', async () => {
  await using server = openServer({ files: OFFICE });
  expect((await server.ask('GET', '/healthz')).json).toEqual({ status: 'ok' });
  const ready = await server.ask('GET', '/readyz');
  expect([ready.status, ready.json]).toEqual([
    200,
    {
      status: 'ready',
      store: { ok: true, revision: server.ledger.token() },
      log: { ok: true },
      checkpoints: { ok: true },
      bundle: server.ledger.bundle.digest,
    },
  ]);
});

test('a clock that once ran ahead is told: what is bounded in time is judged by what was recorded', async () => {
  await using server = openServer({ files: OFFICE });
  server.ledger.recordTime(server.clock.now + 59_000);
  expect((await server.ask('GET', '/readyz')).json.store).not.toHaveProperty('detail');
  server.ledger.recordTime(server.clock.now + 3_600_000);
  const { status, json } = await server.ask('GET', '/readyz');
  expect([status, json.store]).toMatchObject([200, { ok: true, detail: expect.stringContaining('3600 s ahead') }]);
});

const failing = (log: DecisionLog) =>
  logLike(log, { state: { ...log.state, status: 'failing', detail: '/var/decisions: ENOSPC' } });

test('not ready while the log cannot be written', async () => {
  await using server = openServer({ files: OFFICE, wrapLog: failing });
  const ready = await server.ask('GET', '/readyz');
  expect([ready.status, ready.json.status, ready.json.log]).toEqual([
    503,
    'not_ready',
    { ok: false, detail: 'records cannot be written' },
  ]);
});

test('not ready while decisions go to the space kept back, though they are answered', async () => {
  const reserve = (log: DecisionLog) => logLike(log, { state: { ...log.state, status: 'reserve_in_use' } });
  await using server = openServer({ files: OFFICE, dev: true, wrapLog: reserve });
  const ready = await server.ask('GET', '/readyz');
  expect([ready.status, ready.json.log]).toEqual([503, { ok: false, detail: 'reserve in use' }]);
  const question = asking(MAILER, 'read');
  expect((await server.ask('POST', '/access/v1/evaluation', { body: question })).status).toBe(200);
});

test('checkpoints that cannot be made or pushed are told, and hold nothing up', async () => {
  const pushes = [
    { to: 'file', waiting: 0 },
    { to: 'webhook', waiting: 3, failure: 'https://witness.example answers 500' },
  ] as const;
  const state = { uncovered: 9, failure: '/var/decisions: ENOSPC', pushes };
  await using server = openServer({ files: OFFICE, wrapEvidence: (evidence) => ({ ...evidence, state }) as Evidence });
  const ready = await server.ask('GET', '/readyz');
  expect([ready.status, ready.json.status, ready.json.checkpoints]).toEqual([
    200,
    'ready',
    { ok: false, detail: 'cannot be made; do not get to the webhook' },
  ]);
});

test('not ready once the store is gone', async () => {
  const server = openServer({ files: OFFICE });
  server.ledger.store.close();
  const ready = await server.ask('GET', '/readyz');
  expect([ready.status, ready.json.store.ok]).toEqual([503, false]);
  await server.app.close();
});
