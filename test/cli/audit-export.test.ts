import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openFileLog } from '../../src/audit/file-log.ts';
import type { DecisionLog } from '../../src/audit/log.ts';
import { listSegments } from '../../src/audit/segments/segment.ts';
import { run } from '../support/command.ts';
import { decisionEntry } from '../support/decision-entry.ts';
import { attributesOf, startOtlpReceiver } from '../support/otlp-receiver.ts';

/** A log that begins another segment every few records. */
const SEGMENT_BYTES = 4000;
const START = Date.parse('2030-01-01T00:00:00Z');

let directory: string;
let log: DecisionLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'behalf-export-'));
  log = openFileLog(join(directory, 'decisions'), 'test', { segmentBytes: SEGMENT_BYTES });
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);
const exportTo = (args: readonly string[], options: Parameters<typeof run>[1] = {}) =>
  run(['audit', 'export', '--log', file('decisions'), ...args], options);

/** Records, a minute apart, whose resources are numbered. */
async function record(from: number, to: number, at = START): Promise<void> {
  for (let n = from; n <= to; n += 1) {
    await log.append({
      ...decisionEntry({ request: { resource: `tool:t/${n}` }, at: at + n * 60_000 }),
      requestId: `r${n}`,
    });
  }
}

function linesOf(text: string): { readonly [name: string]: unknown }[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}
const sequences = (text: string) => linesOf(text).map(({ sequence }) => sequence);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** An export that follows the log until it is told to stop. */
function follow(args: readonly string[]) {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let printed = '';
  const ended = exportTo(['--follow', ...args], { stopped, printed: (text) => (printed += `${text}\n`) });
  return {
    get printed() {
      return printed;
    },
    stop: async () => {
      stop();
      return await ended;
    },
  };
}

test('every record is a line with its whole path, over all segments', async () => {
  await record(1, 20);
  expect(listSegments(file('decisions')).length).toBeGreaterThan(2);
  const { status, out } = await exportTo([]);
  expect(status).toBe(0);
  expect(sequences(out)).toEqual(numbers(1, 20));
  for (const line of linesOf(out))
    expect(line).toMatchObject({ chain: { steps: [{ kind: 'principal' }, { kind: 'edge' }] } });
  const last = log.list({}, { limit: 1 }).records[0];
  expect(linesOf(out).at(-1)).toMatchObject({ id: last?.id, hash: last?.hash, request_id: 'r20' });
});

test('it begins with a record or a time, results of later pages of a search among them', async () => {
  await record(1, 5);
  await record(6, 6, START - 4 * 60_000);
  await record(7, 20);
  const id = log.list({}, { limit: 20 }).records.find(({ sequence }) => sequence === 12)?.id ?? '';
  expect(sequences((await exportTo(['--from', id])).out)).toEqual(numbers(12, 20));
  expect(sequences((await exportTo(['--from', '2030-01-01T00:05:00Z'])).out)).toEqual([5, ...numbers(7, 20)]);
  expect(sequences((await exportTo(['--from', '2031-01-01'])).out)).toEqual([]);
  for (const [from, why] of [
    ['d_0000000f00_test', 'no record'],
    ['d_0000000001_other', 'no record'],
    ['yesterday', 'no time'],
  ] as const) {
    const { status, err } = await exportTo(['--from', from]);
    expect(status).toBe(2);
    expect(err).toContain(why);
  }
});

test('a cursor goes on where it stopped, and knows its log', async () => {
  await record(1, 5);
  const args = ['--cursor', file('cursor'), '--output', file('out.jsonl')];
  await exportTo(args);
  const { id, hash } = log.list({}, { limit: 1 }).records[0] ?? {};
  expect(JSON.parse(readFileSync(file('cursor'), 'utf8'))).toEqual({ id, node: 'test', sequence: 5, sha256: hash });
  await record(6, 9);
  await exportTo(args);
  await exportTo(args);
  expect(sequences(readFileSync(file('out.jsonl'), 'utf8'))).toEqual(numbers(1, 9));
  expect(existsSync(file('cursor.new'))).toBe(false);

  const other = { id, node: 'test', sequence: 5, sha256: 'ab'.repeat(32) };
  for (const [cursor, why] of [
    [JSON.stringify(other), 'it is another one'],
    [JSON.stringify({ ...other, sequence: 500 }), 'the log ends with record 9'],
    ['{}', 'is no cursor'],
    ['', 'is no cursor'],
  ] as const) {
    writeFileSync(file('cursor'), cursor);
    const { status, err } = await exportTo(['--cursor', file('cursor')]);
    expect(err).toContain(why);
    expect(status).toBe(2);
  }
});

test('it follows a log that grows over segments, leaves a half-written line for later, and ends when it is told to', async () => {
  await record(1, 3);
  const following = follow(['--cursor', file('cursor')]);
  await vi.waitFor(() => expect(sequences(following.printed)).toEqual([1, 2, 3]), 5000);
  await record(4, 25);
  await vi.waitFor(() => expect(sequences(following.printed)).toEqual(numbers(1, 25)), 5000);
  const newest = listSegments(file('decisions')).at(-1)?.path ?? '';
  const size = readFileSync(newest).length;
  appendFileSync(newest, '{"entry":{"at":1');
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(sequences(following.printed)).toEqual(numbers(1, 25));
  writeFileSync(newest, readFileSync(newest).subarray(0, size));
  const { status, err } = await following.stop();
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(JSON.parse(readFileSync(file('cursor'), 'utf8'))).toMatchObject({ sequence: 25 });
});

test('records that were removed before they were exported are told of', async () => {
  await record(1, 5);
  await exportTo(['--cursor', file('cursor'), '--output', file('out.jsonl')]);
  await record(6, 30);
  const segments = listSegments(file('decisions'));
  const kept = segments.at(-2)?.first ?? 0;
  for (const { path, first } of segments) if (first < kept) rmSync(path);
  const { status, out, err } = await exportTo(['--cursor', file('cursor')]);
  expect(status).toBe(0);
  expect(err).toContain(`the records 6 to ${kept - 1} were removed before they were exported`);
  expect(sequences(out)).toEqual(numbers(kept, 30));
});

test('a record that was changed stops it, with what was good before', async () => {
  await record(1, 8);
  const path = listSegments(file('decisions')).at(-1)?.path ?? '';
  writeFileSync(path, readFileSync(path, 'utf8').replace('tool:t/7', 'tool:t/x'));
  const { status, err } = await exportTo([]);
  expect(status).toBe(2);
  expect(err).toContain('was changed');
});

test('OTLP: both signals arrive, in order, with the headers that were asked for', async () => {
  await using receiver = await startOtlpReceiver();
  await record(1, 8);
  const { status, err } = await exportTo(['--otlp', `${receiver.url}/`], {
    env: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cret, x-tenant=a' },
  });
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(receiver.taken[0]?.headers).toMatchObject({ authorization: 'Bearer s3cret', 'x-tenant': 'a' });
  for (const path of ['/v1/logs', '/v1/traces'] as const) {
    const ids = receiver.items(path).map((item) => attributesOf(item)['behalf.decision.sequence']);
    expect(ids).toEqual(numbers(1, 8).map(String));
  }
});

test('OTLP: what a receiver cannot take now it gets later, as late as it says; nothing is lost or moved past', async () => {
  const times: number[] = [];
  await using receiver = await startOtlpReceiver((_request, n) => {
    times.push(performance.now());
    if (n === 0) return { status: 503, headers: { 'retry-after': '1' } };
    return n === 1 ? { status: 429 } : undefined;
  });
  await record(1, 3);
  const { status, err } = await exportTo(['--otlp', receiver.url, '--signal', 'logs', '--cursor', file('cursor')]);
  expect(status).toBe(0);
  expect(err).toContain('503');
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(240);
  expect(receiver.items('/v1/logs')).toHaveLength(3);
  expect(receiver.items('/v1/traces')).toHaveLength(0);
});

test('OTLP: a request that is refused for good is not repeated, and the cursor stays', async () => {
  await using receiver = await startOtlpReceiver(() => ({ status: 400, body: { message: 'bad data' } }));
  await record(1, 3);
  const { status, err } = await exportTo(['--otlp', receiver.url, '--cursor', file('cursor')]);
  expect(status).toBe(2);
  expect(err).toContain('400');
  expect(receiver.requests).toBe(1);
  expect(existsSync(file('cursor'))).toBe(false);
});

test('OTLP: what is refused in part is told of and not repeated; what is too large goes in halves', async () => {
  await using receiver = await startOtlpReceiver(({ message }, n) => {
    if (n === 0) return { status: 413 };
    return JSON.stringify(message).includes('t/1"')
      ? { body: { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too old' } } }
      : undefined;
  });
  await record(1, 4);
  const { status, err } = await exportTo(['--otlp', receiver.url, '--signal', 'logs']);
  expect(status).toBe(1);
  expect(err).toContain('1 refused: too old');
  expect(receiver.requests).toBe(3);
  expect(receiver.taken).toHaveLength(2);
});

test('OTLP: it can be stopped while the receiver is away', async () => {
  await record(1, 3);
  const following = follow(['--otlp', 'http://127.0.0.1:9', '--cursor', file('cursor')]);
  await vi.waitFor(() => expect(following.printed).toContain('again in'), 5000);
  const { status } = await following.stop();
  expect(status).toBe(0);
  expect(existsSync(file('cursor'))).toBe(false);
});

test('what does not go together is refused', async () => {
  await record(1, 1);
  for (const [args, why] of [
    [['--otlp', 'collector'], 'not the address'],
    [['--otlp', 'http://x', '--output', 'f'], 'not both'],
    [['--otlp', 'http://x', '--format', 'ocsf'], 'OTLP'],
    [['--signal', 'logs'], '--signal'],
    [['--format', 'xml'], 'records'],
    [['--output', file('no/where')], 'cannot be written'],
  ] as const) {
    const { status, err } = await exportTo(args);
    expect(err).toContain(why);
    expect(status).not.toBe(0);
  }
  expect((await run(['audit', 'export', '--log', file('nowhere')])).status).toBe(2);
});

test('no control character and no turned text reaches a terminal or a file', async () => {
  await log.append(decisionEntry({ request: { context: { note: 'a\u202eb\u0085c\u001bd' } } }));
  const { out } = await exportTo([]);
  expect(out).not.toMatch(/[\u0000-\u0009\u007f-\u009f\u202e]/);
  expect(linesOf(out)[0]).toMatchObject({ request: { context: { note: 'a\u202eb\u0085c\u001bd' } } });
});
