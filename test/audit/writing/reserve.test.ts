import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openFileLog } from '../../../src/audit/file-log.ts';
import type { DecisionLog } from '../../../src/audit/log.ts';
import { Reserve } from '../../../src/audit/writing/reserve.ts';
import { decisionEntry } from '../../support/decision-entry.ts';
import { mountTmpfs } from '../../support/tmpfs.ts';
import { verifyLog } from '../../support/verify-log.ts';

const MIB = 1024 * 1024;
const directory = mkdtempSync(join(tmpdir(), 'behalf-reserve-'));
afterAll(() => rmSync(directory, { recursive: true }));

function makeWhole(reserve: Reserve): void {
  while (!reserve.isKept) expect(reserve.make()).toBe(true);
}

describe('the file', () => {
  test('is really written, piece by piece, found again, and made anew where it has another size', () => {
    const reserve = new Reserve(directory, 3 * MIB);
    expect([reserve.isKept, reserve.isInUse]).toEqual([false, false]);
    makeWhole(reserve);
    const { size, blocks } = statSync(join(directory, 'reserve'));
    expect(size).toBe(3 * MIB);
    expect(blocks * 512).toBeGreaterThanOrEqual(3 * MIB);
    expect(new Reserve(directory, 3 * MIB).isKept).toBe(true);
    const smaller = new Reserve(directory, MIB);
    expect([smaller.isKept, existsSync(join(directory, 'reserve'))]).toEqual([false, false]);
  });

  test('is given up once, and what is half made as well', () => {
    const reserve = new Reserve(directory, 2 * MIB);
    makeWhole(reserve);
    expect([reserve.giveUp(), reserve.isInUse, existsSync(join(directory, 'reserve'))]).toEqual([true, true, false]);
    expect(reserve.giveUp()).toBe(false);
    reserve.make();
    expect(existsSync(join(directory, 'reserve.part'))).toBe(true);
    expect([reserve.giveUp(), existsSync(join(directory, 'reserve.part'))]).toEqual([true, false]);
  });

  test('of no bytes keeps nothing and gives nothing', () => {
    const reserve = new Reserve(directory, 0);
    expect([reserve.isKept, reserve.giveUp(), reserve.isInUse]).toEqual([true, false, false]);
  });

  test('is not made where there is no room for it twice', ({ skip }) => {
    using disk = mountTmpfs('3m');
    if (disk === undefined) return skip('mounting is not permitted here');
    const reserve = new Reserve(disk.path, 2 * MIB);
    expect([reserve.make(), reserve.isInUse, existsSync(join(disk.path, 'reserve.part'))]).toEqual([
      false,
      true,
      false,
    ]);
    disk.remount('size=8m');
    makeWhole(reserve);
    expect(reserve.isInUse).toBe(false);
  });
});

test('a full disk: decisions go to the reserve, then are refused; it is made again once there is room', async ({
  skip,
}) => {
  using disk = mountTmpfs('4m');
  if (disk === undefined) return skip('mounting is not permitted here');
  const log = openFileLog(disk.path, 'node-1', { reserveBytes: MIB });
  await vi.waitFor(() => expect(existsSync(join(disk.path, 'reserve'))).toBe(true), 20_000);
  let answered = await append(log, 1);
  expect(log.state.status).toBe('ok');

  writeFileSync(join(disk.path, 'somebody-elses'), new Uint8Array(8 * MIB).subarray(0, 2.6 * MIB));
  let refused = 0;
  const states = new Set<string>();
  while (refused === 0) {
    const done = await append(log, 16);
    answered += done;
    refused += 16 - done;
    states.add(log.state.status);
  }
  // Of what was answered after the disk was full, most went to the reserve.
  expect([...states]).toEqual(['ok', 'reserve_in_use', 'failing']);
  expect(statSync(join(disk.path, 'decisions-0000000000000001.jsonl')).size).toBeGreaterThan(1.2 * MIB);
  expect(log.state.detail).toMatch(/ENOSPC/);
  expect(verifyLog(disk.path, 'node-1')).toMatchObject({ ok: true, value: { records: answered } });

  rmSync(join(disk.path, 'somebody-elses'));
  answered += await append(log, 1);
  expect(log.state.status).toBe('reserve_in_use');
  disk.remount('size=8m');
  await vi.waitFor(() => expect(log.state.status).toBe('ok'), 20_000);
  expect(statSync(join(disk.path, 'reserve')).size).toBe(MIB);
  await log.close();
  expect(verifyLog(disk.path, 'node-1')).toMatchObject({ ok: true, value: { records: answered } });
  expect(readFileSync(join(disk.path, 'decisions-0000000000000001.jsonl'), 'utf8').endsWith('"}\n')).toBe(true);
});

/** How many of `count` records of some kilobytes were acknowledged. */
async function append(log: DecisionLog, count: number): Promise<number> {
  const big = decisionEntry({ request: { context: { text: 'x'.repeat(4000) } } });
  const results = await Promise.allSettled(Array.from({ length: count }, () => log.append(big)));
  return results.filter(({ status }) => status === 'fulfilled').length;
}
