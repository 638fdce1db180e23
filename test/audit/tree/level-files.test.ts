import { existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { consistencyPath, isConsistent } from '../../../src/audit/tree/consistency.ts';
import { Frontier } from '../../../src/audit/tree/frontier.ts';
import { inclusionPath, isIncluded } from '../../../src/audit/tree/inclusion.ts';
import { LEVELS, LevelFiles, levelFileName } from '../../../src/audit/tree/level-files.ts';
import { leafHash } from '../../../src/audit/tree/merkle-hash.ts';
import { rootOf } from '../../../src/audit/tree/subtrees.ts';
import { leaves, subtreesIn } from './rfc9162.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-tree-'));
afterAll(() => rmSync(root, { recursive: true }));
const fresh = (): string => mkdtempSync(join(root, 'log-'));

const SIZE = 65_536 + 1300;
const data = leaves(SIZE).map((bytes, n) => Buffer.concat([bytes, Buffer.of(n >> 16)]));
const hashes = data.map(leafHash);
const reference = subtreesIn(data);
const frontiers = new Map([...[0, 1, 300, 700, 65_700], SIZE].map((size) => [size, frontierOf(size)]));

function frontierOf(size: number): Frontier {
  const frontier = Frontier.empty();
  for (const hash of hashes.slice(0, size)) frontier.append(hash);
  return frontier;
}

function at(size: number): Frontier {
  return (frontiers.get(size) ?? frontierOf(size)).copy();
}

/** Files that were written from `start` on, in parts; what lies before is known by its frontier only. */
function written(directory: string, start: number, end: number): LevelFiles {
  const frontier = at(start);
  const files = LevelFiles.create(directory, frontier);
  for (const [n, hash] of hashes.slice(start, end).entries()) {
    frontier.append(hash, files.take);
    if (n % 777 === 0) files.flush();
  }
  files.flush();
  return files;
}

function expectProofs(files: LevelFiles, size: number, indexes: readonly number[]): void {
  const tree = { size, root: rootOf(reference, size) };
  expect(rootOf(files, size)).toBe(tree.root);
  for (const index of indexes) {
    const path = inclusionPath(files, index, size);
    expect(isIncluded(hashes[index] ?? '', index, tree, path)).toBe(true);
  }
}

test('the files give the hashes that proofs are made of', () => {
  const files = written(fresh(), 0, SIZE);
  for (const size of [1, 2, 255, 256, 257, 65_536, 65_537, SIZE]) {
    expectProofs(files, size, [0, Math.floor(size / 3), size - 1]);
  }
  const older = { size: 66_000, root: rootOf(reference, 66_000) };
  const newer = { size: SIZE, root: rootOf(reference, SIZE) };
  expect(isConsistent(older, newer, consistencyPath(files, older.size, newer.size))).toBe(true);
  files.close();
});

test('they take 32 bytes and an eighth for a record', () => {
  const directory = fresh();
  written(directory, 0, 66_000).close();
  const sizes = LEVELS.map((level) => statSync(join(directory, levelFileName(level))).size);
  expect(sizes).toEqual([66_000 * 32, 257 * 32, 32]);
});

test('opened again they go on, and what lies behind the frontier is cut off', () => {
  const directory = fresh();
  written(directory, 0, 900).close();
  const files = LevelFiles.open(directory, at(700), Frontier.empty());
  if (files === undefined) throw new Error('not held');
  expect(statSync(join(directory, 'tree-0.bin')).size).toBe(700 * 32);
  const frontier = at(700);
  for (const hash of hashes.slice(700, 1100)) frontier.append(hash, files.take);
  files.flush();
  expectProofs(files, 1100, [0, 699, 700, 1099]);
  files.close();
});

test('files that lack something, or hold something else, are to be made again', () => {
  for (const spoil of [
    (directory: string) => rmSync(join(directory, 'tree-8.bin')),
    (directory: string) => rmSync(join(directory, 'tree-0.bin')),
    (directory: string) => truncateSync(join(directory, 'tree-0.bin'), 100),
    (directory: string) => writeFileSync(join(directory, 'tree-0.bin'), Buffer.alloc(700 * 32, 7)),
  ]) {
    const directory = fresh();
    written(directory, 0, 700).close();
    spoil(directory);
    expect(LevelFiles.open(directory, at(700), Frontier.empty())).toBeUndefined();
  }
});

test('a level that is short is missed, even where the one above it would do', () => {
  const directory = fresh();
  written(directory, 0, 512).close();
  truncateSync(join(directory, 'tree-0.bin'), 500 * 32);
  expect(LevelFiles.open(directory, at(512), Frontier.empty())).toBeUndefined();
});

test('without the records before the oldest segment, those behind it are provable all the same', () => {
  for (const [start, end] of [
    [300, 1100],
    [65_700, SIZE],
  ] as const) {
    const directory = fresh();
    const files = written(directory, start, end);
    expectProofs(files, end, [start, start + 1, end - 1]);
    const path = consistencyPath(files, start + 5, end);
    const head = (size: number) => ({ size, root: rootOf(reference, size) });
    expect(isConsistent(head(start + 5), head(end), path)).toBe(true);
    expect(() => inclusionPath(files, 0, end)).toThrow(/^tree-0.bin lacks the hashes of records from \d+ on$/);
    files.close();
    const again = LevelFiles.open(directory, at(end), at(start));
    if (again === undefined) throw new Error('not held');
    expectProofs(again, end, [start, end - 1]);
    again.close();
  }
});

test('a reader sees what was flushed, and says what is not there', () => {
  const directory = fresh();
  expect(() => LevelFiles.openForReading(directory, Frontier.empty())).toThrow('ENOENT');
  expect(existsSync(join(directory, 'tree-0.bin'))).toBe(false);
  const files = written(directory, 0, 300);
  const reader = LevelFiles.openForReading(directory, Frontier.empty());
  expect(rootOf(reader, 300)).toBe(rootOf(reference, 300));
  const frontier = at(300);
  frontier.append(hashes[300] ?? '', files.take);
  expect(() => rootOf(reader, 301)).toThrow('tree-0.bin ends before node 300');
  files.flush();
  expect(rootOf(reader, 301)).toBe(rootOf(reference, 301));
  reader.close();
  files.close();
});

test('nodes are taken in their order', () => {
  const files = LevelFiles.create(fresh(), Frontier.empty());
  expect(() => files.take(0, 1, hashes[0] ?? '')).toThrow('node 1 of level 0, where 0 follows');
  files.close();
});
