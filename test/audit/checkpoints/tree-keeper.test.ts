import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { TreeKeeper } from '../../../src/audit/checkpoints/tree-keeper.ts';
import { openFileLog } from '../../../src/audit/file-log.ts';
import { recordId } from '../../../src/audit/records/record.ts';
import { headerOf, listSegments } from '../../../src/audit/segments/segment.ts';
import { Frontier } from '../../../src/audit/tree/frontier.ts';
import { LevelFiles } from '../../../src/audit/tree/level-files.ts';
import { rootOf } from '../../../src/audit/tree/subtrees.ts';
import { verifyDirectory } from '../../../src/audit/verify/verify-directory.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-keeper-'));
afterAll(() => rmSync(root, { recursive: true }));

const RECORDS = 2600;
let directory: string;
let head: { readonly sequence: number; readonly root: string };

/** A log of a few segments, closed, with its tree. */
beforeEach(async () => {
  directory = mkdtempSync(join(root, 'log-'));
  const log = openFileLog(directory, 'node-1', { segmentBytes: 400_000 });
  await Promise.all(Array.from({ length: RECORDS }, (_, n) => log.append(decisionEntry({ at: n + 1 }))));
  head = log.state.last;
  await log.close();
});

/** The root that the files give; undefined where they lack something. */
function rootOnDisk(): string | undefined {
  const [oldest] = listSegments(directory);
  const header = oldest && headerOf(oldest.path, oldest.length);
  const base = header?.ok === true && header.value !== undefined ? header.value.header.frontier : Frontier.empty();
  const files = LevelFiles.openForReading(directory, base);
  try {
    return rootOf(files, head.sequence);
  } catch {
    return undefined;
  } finally {
    files.close();
  }
}

function keep(): number {
  const keeper = new TreeKeeper(directory);
  let pieces = 1;
  while (keeper.catchUp(head.sequence)) pieces += 1;
  keeper.close();
  return pieces;
}

test('a log leaves its tree behind, whole', () => {
  expect(listSegments(directory).length).toBeGreaterThan(2);
  expect(rootOnDisk()).toBe(head.root);
  expect(verifyDirectory(directory).faults).toEqual([]);
});

test('verification compares it with the records to its end', () => {
  const path = join(directory, 'tree-0.bin');
  const bytes = readFileSync(path);
  bytes[2500 * 32] = (bytes[2500 * 32] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  expect(verifyDirectory(directory).faults).toEqual([
    expect.objectContaining({ file: 'tree-0.bin', record: recordId(2501, 'node-1') }),
  ]);
});

test.each(['tree-0.bin', 'tree-8.bin'])('without %s it is made again from the records, piece by piece', (name) => {
  rmSync(join(directory, name));
  const pieces = keep();
  expect(rootOnDisk()).toBe(head.root);
  expect(pieces).toBeGreaterThan(RECORDS / 1000);
});

test('what a crash kept from the files is read from the newest segment alone', () => {
  const newest = listSegments(directory).at(-1)?.first ?? 0;
  truncateSync(join(directory, 'tree-0.bin'), (newest - 1) * 32);
  writeFileSync(
    join(directory, 'tree-8.bin'),
    readFileSync(join(directory, 'tree-8.bin')).subarray(0, Math.floor((newest - 1) / 256) * 32),
  );
  expect(rootOnDisk()).toBeUndefined();
  // Were an older record read, it would be found out.
  const oldest = listSegments(directory)[0]?.path ?? '';
  const text = readFileSync(oldest, 'utf8').split('\n');
  writeFileSync(oldest, [text[0], 'nonsense', ...text.slice(2)].join('\n'));
  keep();
  expect(rootOnDisk()).toBe(head.root);
});

test('what a power cut left as zeros is not taken for hashes', () => {
  truncateSync(join(directory, 'tree-0.bin'), 100 * 32);
  truncateSync(join(directory, 'tree-0.bin'), RECORDS * 32);
  keep();
  expect(rootOnDisk()).toBe(head.root);
});

test('records that are not durable yet are not read', () => {
  const newest = listSegments(directory).at(-1);
  appendFileSync(newest?.path ?? '', '{"entry":{},"id":"d_half');
  for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
  const keeper = new TreeKeeper(directory);
  while (keeper.catchUp(RECORDS - 5)) {}
  expect(statSync(join(directory, 'tree-0.bin')).size).toBe((RECORDS - 5) * 32);
  keeper.close();
});

test('from the oldest segment that is left on', () => {
  const [oldest] = listSegments(directory);
  rmSync(oldest?.path ?? '');
  for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
  keep();
  expect(rootOnDisk()).toBe(head.root);
});

test('after a fault it begins again', () => {
  rmSync(join(directory, 'tree-0.bin'));
  const [, second] = listSegments(directory);
  const path = second?.path ?? '';
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('{"entry"', '{"entri"'));
  const keeper = new TreeKeeper(directory);
  expect(() => {
    while (keeper.catchUp(head.sequence)) {}
  }).toThrow(/no decision record/);
  writeFileSync(path, text);
  while (keeper.catchUp(head.sequence)) {}
  keeper.close();
  expect(rootOnDisk()).toBe(head.root);
});

test('a directory without segments has no tree', () => {
  expect(() => new TreeKeeper(mkdtempSync(join(root, 'empty-'))).catchUp(0)).toThrow('has no segments');
});
