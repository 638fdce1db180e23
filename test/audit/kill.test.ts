import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileLog } from '../../src/audit/file-log.ts';
import type { StoredDecision } from '../../src/audit/log.ts';
import { runAndKill } from '../support/kill.ts';
import { verifyLog } from '../support/verify-log.ts';

const KILLS = 15;

test(`after kill -9 at any moment every acknowledged record is there, unchanged (${KILLS} times)`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-kill-'));
  const acknowledged = new Map<string, string>();
  for (let run = 0; run < KILLS; run++) {
    const from = run % 5 === 4 ? 'start' : 'output';
    const lines = await runAndKill('log-writer.ts', directory, {
      from,
      afterMs: Math.random() * (from === 'start' ? 200 : 60),
    });
    const log = openFileLog(directory, 'node-1');
    for (const line of lines) {
      const [id = '', content = ''] = line.split(' ');
      expect(acknowledged.has(id)).toBe(false);
      acknowledged.set(id, content);
      expect(contentOf(log.get(id))).toBe(content);
    }
    await log.close();
  }
  expect(acknowledged.size).toBeGreaterThan(KILLS);

  const verified = verifyLog(directory, 'node-1');
  if (!verified.ok) throw new Error(verified.error);
  expect(verified.value.records).toBe(verified.value.last.sequence);
  // Beyond what was acknowledged, at most what was in flight at each kill.
  const unanswered = verified.value.records - acknowledged.size;
  expect(unanswered).toBeGreaterThanOrEqual(0);
  expect(unanswered).toBeLessThanOrEqual(16 * KILLS);
  const log = openFileLog(directory, 'node-1');
  for (const [id, content] of acknowledged) expect(contentOf(log.get(id))).toBe(content);
  await log.close();
  rmSync(directory, { recursive: true });
});

function contentOf(record: StoredDecision | undefined): string {
  const { writer, n } = record?.request.context ?? {};
  return `${writer}.${n}`;
}
