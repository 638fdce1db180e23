import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { openFileLog } from '../../../src/audit/file-log.ts';
import type { DecisionLog } from '../../../src/audit/log.ts';
import { writerThread } from '../../../src/audit/writing/writer-thread.ts';
import { decisionEntry } from '../../support/decision-entry.ts';
import { verifyLog } from '../../support/verify-log.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-thread-'));
afterAll(() => rmSync(root, { recursive: true }));

let directory: string;
let log: DecisionLog;
beforeEach(() => {
  directory = mkdtempSync(join(root, 'log-'));
  log = openFileLog(directory, 'node-1');
});
afterEach(() => log.close());

test('a thread that dies refuses what it had and what followed; another one goes on', async () => {
  const { id } = await log.append(decisionEntry({}));
  const appended = Array.from({ length: 40 }, () => log.append(decisionEntry({})));
  // The batch is on its way then.
  const ended = new Promise((resolve) => setImmediate(resolve)).then(() => writerThread().end());
  const results = await Promise.allSettled(appended);
  await ended;
  const answered = results.filter(({ status }) => status === 'fulfilled').length;
  if (answered === 0) {
    expect(log.state).toMatchObject({ status: 'failing', detail: expect.stringMatching(/the thread .* ended/) });
  }

  expect((await log.append(decisionEntry({ at: 7 }))).sequence).toBe(answered + 2);
  expect(log.state.status).toBe('ok');
  expect(log.get(id)).toBeDefined();
  expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: answered + 2 } });
});

test('what a thread wrote and did not live to tell is cut off, as nobody has an answer that rests on it', async () => {
  const { id } = await log.append(decisionEntry({}));
  await writerThread().end();
  const file = join(directory, 'decisions-0000000000000001.jsonl');
  writeFileSync(file, `{"entry":{"at":1,"bundle":"${'x'.repeat(9000)}`, { flag: 'a' });
  expect((await log.append(decisionEntry({}))).sequence).toBe(2);
  expect(log.get(id)).toBeDefined();
  expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: 2 } });
});

test('a new thread does not begin where the log was changed', async () => {
  await log.append(decisionEntry({}));
  await writerThread().end();
  const file = join(directory, 'decisions-0000000000000001.jsonl');
  writeFileSync(file, 'x', { flag: 'r+' });
  await expect(log.append(decisionEntry({}))).rejects.toThrow(/line 1/);
  expect(log.state.status).toBe('failing');
  writeFileSync(file, '{', { flag: 'r+' });
  expect((await log.append(decisionEntry({}))).sequence).toBe(2);
});

test('several logs of a process share a thread and nothing else', async () => {
  const other = openFileLog(mkdtempSync(join(root, 'log-')), 'node-2');
  const both = await Promise.all([log, other, log, other].map((one) => one.append(decisionEntry({}))));
  expect(both.map(({ id }) => id)).toEqual([
    'd_0000000001_node-1',
    'd_0000000001_node-2',
    'd_0000000002_node-1',
    'd_0000000002_node-2',
  ]);
  await other.close();
  expect((await log.append(decisionEntry({}))).sequence).toBe(3);
});
