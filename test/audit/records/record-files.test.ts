import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFileLog } from '../../../src/audit/file-log.ts';
import type { DecisionLog } from '../../../src/audit/log.ts';
import { openRecordFiles } from '../../../src/audit/records/record-files.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

let directory: string;
let log: DecisionLog;
const ids: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'behalf-records-'));
  log = openFileLog(directory, 'node-1', { segmentBytes: 4000 });
  for (let n = 0; n < 40; n += 1)
    ids.push((await log.append(decisionEntry({ at: 1000 + n, delegation: `dg_${n % 3}` }))).id);
});
afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true });
});

test('reads what the log wrote, over segments, while it is open', () => {
  expect(readdirSync(directory).filter((name) => name.endsWith('.jsonl')).length).toBeGreaterThan(2);
  const records = openRecordFiles(directory);
  expect(records.range()).toEqual({ first: 1, last: 40 });
  expect([...records.between(1, 40)].map(({ id }) => id)).toEqual(ids);
  for (const place of [1, 7, 23, 40]) expect(records.at(place)).toEqual(log.get(ids[place - 1] ?? ''));
  expect([...records.between(17, 23)].map(({ sequence }) => sequence)).toEqual([17, 18, 19, 20, 21, 22, 23]);
  expect([...records.between(30, 29)]).toEqual([]);
  expect([records.at(0), records.at(41)]).toEqual([undefined, undefined]);
});

test('sees what is added meanwhile', async () => {
  const records = openRecordFiles(directory);
  const { sequence } = await log.append(decisionEntry({ at: 5000 }));
  expect(records.range().last).toBe(sequence);
  expect(records.at(sequence)?.at).toBe(5000);
});

/** A copy of the log, to be damaged. */
function copy(): string {
  const place = mkdtempSync(join(tmpdir(), 'behalf-records-'));
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.jsonl')) writeFileSync(join(place, name), readFileSync(join(directory, name)));
  }
  return place;
}
const segmentsOf = (place: string) =>
  readdirSync(place)
    .filter((name) => name.startsWith('decisions-'))
    .sort();

test('a line that is being written is not there yet', () => {
  const place = copy();
  const last = join(place, segmentsOf(place).at(-1) ?? '');
  const { last: before } = openRecordFiles(place).range();
  appendFileSync(last, '{"entry":{"at":1');
  expect(openRecordFiles(place).range().last).toBe(before);
  expect([...openRecordFiles(place).between(1, before)]).toHaveLength(before);
  rmSync(place, { recursive: true });
});

test('old segments that were removed are not missed, one in the middle is', () => {
  const place = copy();
  const [first = '', second = '', third = ''] = segmentsOf(place);
  rmSync(join(place, first));
  const records = openRecordFiles(place);
  expect(records.range().first).toBe(Number(second.slice(10, 26)));
  expect(records.at(1)).toBeUndefined();
  rmSync(join(place, third));
  expect(() => [...openRecordFiles(place).between(1, 40)]).toThrow(/does not follow/);
  rmSync(place, { recursive: true });
});

test('a record that was changed is told, by its id', () => {
  const place = copy();
  const path = join(place, segmentsOf(place)[0] ?? '');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"at":1001', '"at":1002'));
  expect(() => [...openRecordFiles(place).between(1, 40)]).toThrow(/d_0000000002_node-1 was changed/);
  expect(() => openRecordFiles(place).at(2)).toThrow(/was changed/);
  rmSync(place, { recursive: true });
});

test.each([
  ['an empty directory', (place: string) => place, /holds no decision log/],
  ['none', (place: string) => join(place, 'nowhere'), /ENOENT/],
])('%s is refused', (_what, of, message) => {
  const place = mkdtempSync(join(tmpdir(), 'behalf-records-'));
  expect(() => openRecordFiles(of(place))).toThrow(message);
  rmSync(place, { recursive: true });
});
