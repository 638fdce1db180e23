import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogError } from '../../../src/audit/log.ts';
import { GroupCommit } from '../../../src/audit/writing/group-commit.ts';
import type { Batch, LogWriter, Written } from '../../../src/audit/writing/writer.ts';

/** A disk that is as slow as a test wants: each batch waits until it is told what becomes of it. */
class SlowWriter implements LogWriter {
  reserveInUse = false;
  readonly batches: Batch[] = [];
  private sequence = 0;
  private first = 1;
  private done: PromiseWithResolvers<Written> | undefined;

  write(batch: Batch): Promise<Written> {
    this.batches.push(batch);
    this.done = Promise.withResolvers();
    return this.done.promise;
  }

  async finish(): Promise<void> {
    const batch = this.batches.at(-1);
    if (batch?.rotates) this.first = this.sequence + 1;
    this.sequence += batch?.entries.length ?? 0;
    const last = { sequence: this.sequence, hash: '', root: '' };
    this.done?.resolve({ segment: { path: '', first: this.first, start: 100, length: 400 }, last });
    await vi.advanceTimersByTimeAsync(0);
  }

  async fail(): Promise<void> {
    this.done?.reject(new Error('the disk is gone'));
    await vi.advanceTimersByTimeAsync(0);
  }

  async close(): Promise<void> {}
}

let writer: SlowWriter;
let commits: GroupCommit;
let seen: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers();
  writer = new SlowWriter();
  const place = { last: { sequence: 0, hash: '', root: '' }, segmentBytes: 100 };
  commits = new GroupCommit(writer, place, { segmentBytes: 2000, queueCharacters: 3000, stallMs: 1000 }, () => {});
  seen = new Map();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Appends an entry; what became of it stands in `seen`. */
function append(name: string, characters = 100): void {
  commits
    .append((sequence, dictionary) => {
      const known = dictionary.find('step');
      if (known === undefined) dictionary.add('step', `${sequence}`);
      return `${known ?? 'full'}:${name}`.padEnd(characters);
    })
    .then(
      (sequence) => seen.set(name, `${sequence}`),
      (error: unknown) => seen.set(name, error instanceof LogError ? error.message : 'a bug'),
    );
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const written = () => writer.batches.map(({ entries }) => entries.map((entry) => entry.trim()));

test('what comes while a batch is written shares the next one', async () => {
  append('a');
  append('b');
  await settle();
  append('c');
  append('d');
  await writer.finish();
  await writer.finish();
  expect(written()).toEqual([
    ['full:a', '1:b'],
    ['1:c', '1:d'],
  ]);
  expect([...seen]).toEqual([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
    ['d', '4'],
  ]);
});

test('the queue is bounded: beyond it entries are refused at once, and taken again when it is shorter', async () => {
  for (let n = 0; n < 8; n++) append(`${n}`, 400);
  append('one too many');
  await settle();
  expect([...seen]).toEqual([['one too many', 'the decision log is behind: 8 records wait to be written']]);
  expect(commits.pending).toEqual({ records: 8, characters: 3200 });
  while (seen.size < 9) await writer.finish();
  append('later');
  await settle();
  await writer.finish();
  expect(seen.get('later')).toBe('9');
  expect(commits.pending).toEqual({ records: 0, characters: 0 });
});

test('a segment that is full is followed by another one, which stands alone', async () => {
  for (let n = 0; n < 6; n++) append(`${n}`, 400);
  await settle();
  await writer.finish();
  await writer.finish();
  expect(writer.batches.map(({ rotates }) => rotates)).toEqual([false, true]);
  expect(written()).toEqual([
    ['full:0', '1:1', '1:2'],
    ['full:3', '4:4', '4:5'],
  ]);
});

test('a batch that fails takes with it what followed; the places are free, and no step is counted on', async () => {
  append('a');
  await settle();
  append('b');
  await writer.fail();
  expect([...seen]).toEqual([
    ['a', 'decision log: the disk is gone'],
    ['b', 'decision log: the disk is gone'],
  ]);
  expect(commits.failure).toBe('decision log: the disk is gone');
  append('c');
  await settle();
  await writer.finish();
  expect(seen.get('c')).toBe('1');
  expect(written().at(-1)).toEqual(['full:c']);
  expect(commits.failure).toBeUndefined();
});

test('a batch that was to begin a segment and failed is followed by one that begins it', async () => {
  for (let n = 0; n < 3; n++) append(`${n}`, 400);
  await settle();
  await writer.finish();
  append('big', 1800);
  await settle();
  await writer.fail();
  append('small');
  await settle();
  expect(writer.batches.at(-1)?.rotates).toBe(true);
  await writer.finish();
  append('after');
  await settle();
  expect(writer.batches.at(-1)?.rotates).toBe(false);
});

describe('a write that takes too long', () => {
  test('lets nobody wait, refuses what comes, and is no gap once it is done', async () => {
    append('a');
    await settle();
    append('b');
    await vi.advanceTimersByTimeAsync(1000);
    append('c');
    await settle();
    const slow = 'the decision log is slow: a write has taken more than 1000 ms';
    expect([...seen]).toEqual([
      ['a', slow],
      ['b', slow],
      ['c', slow],
    ]);
    expect(commits.failure).toBe(slow);
    await writer.finish();
    expect([commits.failure, commits.durable.sequence]).toEqual([undefined, 1]);
    append('d');
    await settle();
    await writer.finish();
    expect(seen.get('d')).toBe('2');
    expect(written().at(-1)).toEqual(['full:d']);
  });

  test('and fails in the end leaves its places free', async () => {
    append('a');
    await vi.advanceTimersByTimeAsync(1000);
    await writer.fail();
    append('b');
    await settle();
    await writer.finish();
    expect(seen.get('b')).toBe('1');
  });

  test('is not waited for when the log is closed', async () => {
    append('a');
    const settled = commits.settled();
    await vi.advanceTimersByTimeAsync(1000);
    await settled;
    expect(commits.pending.records).toBe(1);
  });
});
