import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { EvidenceState } from '../../../src/audit/checkpoints/evidence.ts';
import { proveRecord } from '../../../src/audit/checkpoints/prove.ts';
import { openFileLog } from '../../../src/audit/file-log.ts';
import { recordId } from '../../../src/audit/records/record.ts';
import { pruneLog } from '../../../src/audit/segments/prune.ts';
import { Coverage } from '../../../src/audit/segments/retention.ts';
import { listSegments } from '../../../src/audit/segments/segment.ts';
import { verifyDirectory } from '../../../src/audit/verify/verify-directory.ts';
import { auditedLog, NODE } from '../../support/audited-log.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-retention-'));
afterAll(() => rmSync(root, { recursive: true }));

const START = Date.parse('2030-01-01T00:00:00Z');
/** The log of `auditedLog` has a record a second. */
const second = (records: number): number => START + records * 1000;

describe('prune', () => {
  test('removes whole old segments; the rest is verified, proved, read and appended to as before', async () => {
    const { directory } = await auditedLog(root, { records: 60, checkpoints: [20, 40] });
    const before = listSegments(directory);
    const torn = `${before[0]?.path}.torn-99`;
    writeFileSync(torn, 'half a rec');
    const dry = pruneLog(directory, { before: second(30), uncovered: false, dryRun: true });
    expect(listSegments(directory)).toEqual(before);
    const { segments, first } = pruneLog(directory, { before: second(30), uncovered: false, dryRun: false });
    expect(segments).toEqual(dry.segments);
    expect(segments.length).toBeGreaterThan(0);
    // The next segment holds the 30th second, and stays.
    expect(first).toBeLessThanOrEqual(31);
    expect(before[segments.length + 1]?.first).toBeGreaterThan(30);
    expect(listSegments(directory)).toEqual(before.slice(segments.length));
    expect(readdirSync(directory).some((name) => name.includes('torn'))).toBe(false);

    expect(verifyDirectory(directory)).toMatchObject({ faults: [], first, records: 61 - first });
    const log = openFileLog(directory, NODE);
    expect(log.get(recordId(first - 1, NODE))).toBeUndefined();
    expect(log.has(recordId(first - 1, NODE))).toBe(true);
    expect(log.get(recordId(first, NODE))).toMatchObject({ sequence: first });
    await log.append(decisionEntry({ at: second(61) }));
    expect(log.list({}, { limit: 100 }).records).toHaveLength(62 - first);
    const head = log.state.last;
    await log.close();
    const checkpoint = { node: NODE, size: head.sequence, root: head.root, at: 0, last: head.hash };
    for (const sequence of [first, 45, 61]) {
      expect(proveRecord(directory, recordId(sequence, NODE), sequence, { checkpoint, note: '' })).toBeDefined();
    }
    expect(verifyDirectory(directory).faults).toEqual([]);
  });

  test('never goes beyond the newest checkpoint unless told, and never removes the newest segment', async () => {
    const { directory } = await auditedLog(root, { records: 40 });
    rmSync(join(directory, 'checkpoints.jsonl'));
    const late = { before: second(1000), dryRun: false };
    expect(pruneLog(directory, { ...late, uncovered: false })).toMatchObject({ segments: [], held: true });
    const newest = listSegments(directory).at(-1);
    pruneLog(directory, { ...late, uncovered: true });
    expect(listSegments(directory)).toEqual([newest]);
  });

  test('refuses a directory that a server has, or without a log', async () => {
    const directory = mkdtempSync(join(root, 'log-'));
    const options = { before: 0, uncovered: false, dryRun: false };
    expect(() => pruneLog(directory, options)).toThrow('holds no decision log');
    const log = openFileLog(directory, NODE);
    expect(() => pruneLog(directory, options)).toThrow('another process has');
    await log.close();
  });
});

describe('a log that is kept for a time', () => {
  test('removes by size what is covered, while it is written to', async () => {
    const directory = mkdtempSync(join(root, 'log-'));
    let covered = 0;
    const retention = { keepBytes: 20_000, covered: () => covered, clock: () => second(0) };
    const log = openFileLog(directory, NODE, { segmentBytes: 5000, retention });
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 60; n += 1) await log.append(decisionEntry({ at: second(n) }));
    };
    await fill();
    expect(listSegments(directory)[0]?.first).toBe(1);
    covered = Number.POSITIVE_INFINITY;
    await fill();
    await vi.waitFor(() => {
      const bytes = listSegments(directory).reduce((sum, { length }) => sum + length, 0);
      expect(bytes).toBeLessThan(30_000);
    });
    const [oldest] = listSegments(directory);
    expect(log.list({}, { limit: 200 }).records.at(-1)?.sequence).toBe(oldest?.first);
    await log.close();
    expect(verifyDirectory(directory).faults).toEqual([]);
  });

  test('closes a segment that has been written to for long enough', async () => {
    const directory = mkdtempSync(join(root, 'log-'));
    let now = second(0);
    const open = () =>
      openFileLog(directory, NODE, {
        retention: { keepMs: 86_400_000, covered: () => Number.POSITIVE_INFINITY, clock: () => now },
      });
    let log = open();
    await log.append(decisionEntry({ at: now }));
    await log.close();
    now += 6 * 3_600_000;
    log = open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await log.append(decisionEntry({ at: now }));
    await log.close();
    expect(listSegments(directory).map(({ first }) => first)).toEqual([1, 2]);
    now += 23 * 3_600_000;
    log = open();
    await vi.waitFor(() => expect(listSegments(directory).map(({ first }) => first)).toEqual([2]));
    await log.close();
  });
});

test('what is to be pushed is covered once it has arrived', () => {
  let state: EvidenceState = { uncovered: 0, pushes: [], newest: { size: 5, at: 1 } };
  const local = new Coverage(() => state);
  expect(local.covered).toBe(5);
  state = { ...state, pushes: [{ to: 'file', waiting: 0 }] };
  const pushed = new Coverage(() => state);
  expect(pushed.covered).toBe(0);
  state = { ...state, newest: { size: 9, at: 2 } };
  expect(pushed.covered).toBe(9);
  state = { ...state, newest: { size: 12, at: 3 }, pushes: [{ to: 'file', waiting: 1 }] };
  expect(pushed.covered).toBe(9);
});
