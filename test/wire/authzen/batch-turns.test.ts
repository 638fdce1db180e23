import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { asking, MAIL, MAILER, type Office, openOffice } from '../office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
  const condition = 'R.attr.l.all(x, timestamp("2020-01-01T00:00:00Z").getFullYear("America/New_York") == 2019)';
  await office.delegate({ ...MAIL, condition });
});
afterAll(() => office[Symbol.asyncDispose]());

/** So many questions, each of which takes some milliseconds. */
function dear(items: number): object {
  const { resource, ...rest } = asking(MAILER, 'read');
  const l = Array.from({ length: 1000 }, (_, n) => n);
  return {
    ...rest,
    resource: { ...resource, properties: { l } },
    evaluations: Array.from({ length: items }, () => ({})),
  };
}

const batch = (items: number) =>
  office.ask('POST', '/access/v1/evaluations', { key: office.keys.gateway, body: dear(items) });

test('others have their turn while a batch is decided, and all of it is at one revision', async () => {
  // A record is appended as soon as its item is decided: in which turn of the event loop?
  const turns: number[] = [];
  let turn = 0;
  let isDone = false;
  const count = () => {
    turn += 1;
    if (!isDone) setImmediate(count);
  };
  count();
  const { append } = office.log;
  office.log.append = (entry) => {
    turns.push(turn);
    return append.call(office.log, entry);
  };
  const answered = batch(64).finally(() => {
    isDone = true;
    office.log.append = append;
  });
  const reply = await answered;
  expect(turns).toHaveLength(64);
  expect(new Set(turns).size).toBeGreaterThan(2);
  const { evaluations } = reply.json;
  expect(evaluations).toHaveLength(64);
  expect(evaluations.every(({ decision }: { decision: boolean }) => decision)).toBe(true);
  expect(new Set(evaluations.map(({ context }: { context: { revision: string } }) => context.revision)).size).toBe(1);
});

test('what is changed meanwhile counts for all of it', async () => {
  const answered = batch(32);
  const suspended = await office.ask('POST', '/v1/entities/agent/mailer/suspend', { key: office.keys.admin });
  expect(suspended.status).toBe(200);
  const { evaluations } = (await answered).json;
  expect(evaluations.map(({ decision }: { decision: boolean }) => decision)).not.toContain(true);
  await office.ask('POST', '/v1/entities/agent/mailer/resume', { key: office.keys.admin });
});

test('items that are left when the time is over are errors, not decisions', async () => {
  const limits = LIMITS as { batchMs: number };
  const { batchMs } = limits;
  limits.batchMs = -1;
  try {
    const before = office.log.state.last.sequence;
    const { status, json } = await batch(8);
    expect(status).toBe(200);
    for (const { decision, context } of json.evaluations) {
      expect(decision).toBe(false);
      expect(context.error).toMatchObject({ status: 504, message: expect.stringContaining('batchMs') });
    }
    expect(office.log.state.last.sequence).toBe(before);
  } finally {
    limits.batchMs = batchMs;
  }
});
