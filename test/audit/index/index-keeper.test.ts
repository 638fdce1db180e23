import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { openFileLog } from '../../../src/audit/file-log.ts';
import { buildIndex } from '../../../src/audit/index/build-index.ts';
import { candidatesOf } from '../../../src/audit/index/candidates.ts';
import { FactReader } from '../../../src/audit/index/facts.ts';
import { FIELDS } from '../../../src/audit/index/fields.ts';
import { IndexFiles, indexPath, writeIndex } from '../../../src/audit/index/index-files.ts';
import { IndexKeeper } from '../../../src/audit/index/index-keeper.ts';
import { ReadOnlyIndexes } from '../../../src/audit/index/indexes.ts';
import { MemoryIndex } from '../../../src/audit/index/memory-index.ts';
import type { SegmentIndex } from '../../../src/audit/index/segment-index.ts';
import type { DecisionFilter, DecisionLog } from '../../../src/audit/log.ts';
import { openLogCopy } from '../../../src/audit/log-copy.ts';
import { conditionsOf } from '../../../src/audit/records/filter.ts';
import { headerOf, listSegments, type Segment } from '../../../src/audit/segments/segment.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-index-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
let directory: string;
let log: DecisionLog;

beforeEach(async () => {
  directory = join(root, `${count++}`);
  log = openFileLog(directory, 'node-1', { segmentBytes: 16 * 1024 });
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        log.append(
          decisionEntry({
            at: 1000 * turn + n,
            delegation: `dg_${n % 7}`,
            request: { resource: `tool:s${n % 3}/t${turn}${n}`, actor: `agent:${turn}` },
          }),
        ),
      ),
    );
  }
});
afterEach(() => log.close());

function segments(): Segment[] {
  return listSegments(directory).map((file) => {
    const header = headerOf(file.path, file.length);
    return { ...file, start: header.ok ? (header.value?.start ?? 0) : 0 };
  });
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries > 1000) throw new Error('it does not come');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isIndexed(): boolean {
  const names = readdirSync(directory);
  return names.filter((name) => name.endsWith('.index')).length === segments().length - 1;
}

/** All that an index says. */
function told(index: SegmentIndex | undefined): object {
  if (index === undefined) throw new Error('there is no index');
  const all = FIELDS.map((field) => [
    field,
    [...index.terms(field)].map(({ value }) => {
      const filter = conditionsOf({});
      const found = candidatesOf(
        { path: '', first: 1, start: 0, length: 0 },
        { ...filter, fields: [{ field, value }] },
        { of: () => index, lost: () => undefined },
      );
      return [value, [...(found?.records.upFrom(0) ?? [])]];
    }),
  ]);
  return { ...Object.fromEntries(all), count: index.count, times: [...Array.from(index.times())] };
}

function fromRecords(segment: Segment): object {
  const building = buildIndex(segment);
  for (let step = building.next(); ; step = building.next()) if (step.done === true) return told(step.value);
}

test('each closed segment gets a file that says what its records say; the open one is in memory', async () => {
  await until(isIndexed);
  const closed = segments().slice(0, -1);
  expect(closed.length).toBeGreaterThan(3);
  for (const segment of closed) expect(told(new IndexFiles().of(segment))).toEqual(fromRecords(segment));
  const whole = segments();
  const keeper = new IndexKeeper(whole);
  const last = whole.at(-1);
  if (last === undefined) throw new Error('there is no segment');
  await until(() => keeper.of(last)?.count === last.length || keeper.of(last) !== undefined);
  await until(() => JSON.stringify(told(keeper.of(last))) === JSON.stringify(fromRecords(last)));
  keeper.close();
});

test('what is missing or damaged is made again, and answers are right meanwhile', async () => {
  await until(isIndexed);
  const [first, second, third] = segments();
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are no segments');
  await log.close();
  rmSync(indexPath(first));
  const bytes = readFileSync(indexPath(second));
  writeFileSync(indexPath(second), bytes.fill(0, 200));
  writeFileSync(indexPath(third), readFileSync(indexPath(segments()[3] ?? third)));
  log = openFileLog(directory, 'node-1', { segmentBytes: 16 * 1024 });
  const filter: DecisionFilter = { delegation: 'dg_3', from: 0, to: 1e9 };
  const found = (): number[] => log.list(filter, { limit: 500 }).records.map(({ sequence }) => sequence);
  const right = Array.from({ length: 300 }, (_, n) => 300 - n).filter((sequence) => ((sequence - 1) % 30) % 7 === 3);
  expect(found()).toEqual(right);
  await until(isIndexed);
  const files = new IndexFiles();
  await until(() => {
    found();
    try {
      return [first, second, third].every((segment) => files.of(segment) !== undefined);
    } catch {
      return false;
    }
  });
  for (const segment of [first, second, third]) expect(told(files.of(segment))).toEqual(fromRecords(segment));
  expect(found()).toEqual(right);
});

test('an index that leads to other lines than it says, whoever wrote it, changes no answer', async () => {
  await until(isIndexed);
  const [first] = segments();
  if (first === undefined) throw new Error('there is no segment');
  const forged = new MemoryIndex(first.first);
  const reader = new FactReader();
  const lines = readFileSync(first.path, 'utf8').split('\n').slice(1, -1);
  for (const [ordinal, line] of lines.entries()) {
    const facts = reader.read(JSON.stringify(JSON.parse(line).entry), ordinal + 1);
    if (!facts.ok) throw new Error(facts.error);
    forged.add(facts.value);
    // Of the record after it.
    forged.mark(ordinal, first.start + Buffer.byteLength(`${lines.slice(0, ordinal + 1).join('\n')}\n`));
  }
  for (const writing = writeIndex(first, forged); writing.next().done !== true; );
  expect(new IndexFiles().of(first)?.places().offsets[0]).toBeGreaterThan(first.start);
  const found = openLogCopy(directory).list({ delegation: 'dg_3', to: 1000 }, { limit: 500, order: 'oldest' });
  const right = Array.from({ length: 30 }, (_, n) => n + 1).filter((sequence) => (sequence - 1) % 7 === 3);
  expect(found.records.map(({ sequence }) => sequence)).toEqual(right);
});

test('who only reads does not touch the directory, and does without an index that cannot be used', async () => {
  await until(isIndexed);
  const [first] = segments();
  if (first === undefined) throw new Error('there is no segment');
  writeFileSync(indexPath(first), 'behalf-index 00000000 {}\n');
  const before = readdirSync(directory).sort();
  const indexes = new ReadOnlyIndexes();
  expect(indexes.of(first)).toBeUndefined();
  expect(readdirSync(directory).sort()).toEqual(before);
  expect(readFileSync(indexPath(first), 'utf8')).toBe('behalf-index 00000000 {}\n');
});

test('a byte that was changed anywhere in an index is noticed before anything is left out', async () => {
  await until(isIndexed);
  const [first] = segments();
  if (first === undefined) throw new Error('there is no segment');
  const whole = readFileSync(indexPath(first));
  const right = JSON.stringify(fromRecords(first));
  let noticed = 0;
  for (let place = 0; place < whole.length; place += 37) {
    const changed = Buffer.from(whole);
    changed[place] = (changed[place] ?? 0) ^ 0x10;
    writeFileSync(indexPath(first), changed);
    try {
      const index = new IndexFiles().of(first);
      index?.places();
      expect(JSON.stringify(told(index))).toBe(right);
    } catch {
      noticed += 1;
    }
  }
  expect(noticed).toBe(Math.ceil(whole.length / 37));
});

test('a time begins at its first millisecond and ends before its last, also at the edges of a segment', async () => {
  await until(isIndexed);
  const [, second] = segments();
  const index = second && new IndexFiles().of(second);
  if (second === undefined || index === undefined) throw new Error('there is no index');
  const at = (from: number, to: number): number => {
    const conditions = { ...conditionsOf({}), from, to };
    return candidatesOf(second, conditions, { of: () => index, lost: () => undefined })?.records.count ?? -1;
  };
  const times = [...Array.from(index.times())];
  const { earliest, latest } = index;
  expect([earliest, latest]).toEqual([Math.min(...times), Math.max(...times)]);
  expect(at(latest, latest + 1)).toBe(times.filter((time) => time === latest).length);
  expect(at(earliest, earliest + 1)).toBe(times.filter((time) => time === earliest).length);
  expect(at(latest + 1, latest + 2)).toBe(0);
  expect(at(earliest - 1, earliest)).toBe(0);
  expect(at(earliest, latest)).toBe(times.filter((time) => time < latest).length);
});
