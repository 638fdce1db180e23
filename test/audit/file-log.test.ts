import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileLogOptions, openFileLog } from '../../src/audit/file-log.ts';
import {
  type Appended,
  type DecisionEntry,
  type DecisionLog,
  LogError,
  type StoredDecision,
} from '../../src/audit/log.ts';
import { RULES_VERSION } from '../../src/core/decision-rules.ts';
import { decisionEntry } from '../support/decision-entry.ts';
import { mountTmpfs } from '../support/tmpfs.ts';
import { verifyLog } from '../support/verify-log.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-log-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
let directory: string;
let log: DecisionLog;

beforeEach(() => {
  directory = join(root, `${count++}`);
  log = openFileLog(directory, 'node-1');
});
afterEach(() => log.close());

async function reopen(options?: FileLogOptions): Promise<DecisionLog> {
  await log.close();
  log = openFileLog(directory, 'node-1', options);
  return log;
}

/** Appends and reads back. */
async function append(entry: DecisionEntry): Promise<StoredDecision> {
  const { id } = await log.append(entry);
  const record = log.get(id);
  if (record === undefined) throw new Error(`${id} was acknowledged, and is not there`);
  return record;
}

function appendAll(entries: readonly DecisionEntry[]): Promise<StoredDecision[]> {
  return Promise.all(entries.map(append));
}

/** `number` entries with the times 1, 2, 3, … */
function entries(number: number): DecisionEntry[] {
  return Array.from({ length: number }, (_, n) => decisionEntry({ at: n + 1 }));
}

function segmentsIn(place: string): string[] {
  return readdirSync(place)
    .filter((name) => /^decisions-\d+\.jsonl$/.test(name))
    .map((name) => join(place, name));
}

/** The lines of records; the first line is the header. */
function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(1, -1);
}

function headerOf(file: string): string {
  return readFileSync(file, 'utf8').split('\n')[0] ?? '';
}

describe('append', () => {
  test('gives the entry with its place in the chain', async () => {
    const entry = decisionEntry({});
    const [first, second] = await appendAll([entry, { ...entry, requestId: 'r', supersedes: 'd_0' }]);
    expect(first).toEqual({
      ...entry,
      format: 2,
      rules: RULES_VERSION,
      id: 'd_0000000001_node-1',
      node: 'node-1',
      sequence: 1,
      previous: '0'.repeat(64),
      hash: first?.hash,
    });
    expect(second).toMatchObject({ sequence: 2, previous: first?.hash, requestId: 'r', supersedes: 'd_0' });
  });

  test('keeps the order of the calls, however many share a write', async () => {
    const order: number[] = [];
    await Promise.all(entries(500).map((entry) => log.append(entry).then(({ sequence }) => order.push(sequence))));
    expect(order).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
    const file = segmentsIn(directory)[0] ?? '';
    expect(linesOf(file).map((line) => JSON.parse(line).entry.at)).toEqual(order);
  });

  test('can be verified with the file, SHA-256 and another implementation of RFC 8785', async () => {
    const text = 'Grüße 𝄞 \u2028 \\ud800 \n';
    await appendAll([
      ...entries(5),
      decisionEntry({ request: { context: { text, z: 1, a: { 10: 1, 9: 2, '!': 3 } } } }),
    ]);
    let previous = '0'.repeat(64);
    for (const line of linesOf(segmentsIn(directory)[0] ?? '')) {
      const { sha256, ...record } = JSON.parse(line);
      expect(canonicalize({ ...record, sha256 })).toBe(line);
      expect(sha256).toBe(
        createHash('sha256')
          .update(canonicalize(record) ?? '')
          .digest('hex'),
      );
      expect(record.previous).toBe(previous);
      previous = sha256;
    }
    const header = headerOf(segmentsIn(directory)[0] ?? '');
    expect(header).toBe(canonicalize(JSON.parse(header)));
    expect(JSON.parse(header).header).toEqual({
      first: 1,
      format: 2,
      frontier: [],
      node: 'node-1',
      previous: '0'.repeat(64),
    });
    expect(verifyLog(directory, 'node-1')).toEqual({
      ok: true,
      value: { records: 6, first: 1, last: { sequence: 6, hash: previous } },
    });
  });

  test('goes on after a restart: sequence, chain, ids that sort', async () => {
    const before = await appendAll(entries(40));
    await reopen();
    const after = await appendAll(entries(2));
    expect(after[0]).toMatchObject({ sequence: 41, previous: before.at(-1)?.hash });
    const ids = [...before, ...after].map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
  });

  test('the fields of the log cannot be given with the entry', async () => {
    const forged = { ...decisionEntry({}), id: 'd_x', sequence: 99, hash: 'f'.repeat(64), other: true };
    const record = await append(forged);
    expect(record).toMatchObject({ id: 'd_0000000001_node-1', sequence: 1 });
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true });
  });

  test('an entry that cannot be written as JSON is refused alone', async () => {
    const results = await Promise.allSettled([
      log.append(decisionEntry({})),
      log.append({ ...decisionEntry({}), latencyUs: 1n as unknown as number }),
      log.append(decisionEntry({})),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: expect.any(LogError) });
    expect(log.state.status).toBe('ok');
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: 2 } });
  });

  test('what waits when the log is closed is written, what comes later is refused', async () => {
    const waiting = appendAll(entries(10));
    await log.close();
    expect(await waiting).toHaveLength(10);
    await expect(log.append(decisionEntry({}))).rejects.toThrow(LogError);
    expect((await reopen()).list({}, { limit: 20 }).records).toHaveLength(10);
  });
});

describe('get', () => {
  test('finds each record by its id, in any segment, of any length', async () => {
    await reopen({ segmentBytes: 200_000 });
    const sizes = Array.from({ length: 120 }, (_, n) => (n % 10 === 0 ? 90_000 : n * 7));
    const records = await writeOneByOne(
      sizes.map((size) => decisionEntry({ request: { siblingActions: ['x'.repeat(size)] } })),
    );
    expect(segmentsIn(directory).length).toBeGreaterThan(5);
    for (const opened of [() => log, reopen]) {
      const reader = await opened();
      for (const record of records) expect(reader.get(record.id)).toEqual(record);
    }
  });

  test('knows no other ids', async () => {
    await appendAll(entries(3));
    for (const id of [
      '',
      'd_',
      'd_0000000004_node-1',
      'd_0000000000_node-1',
      'd_0000000001_node-2',
      'd_000000001_node-1',
      'd_-000000001_node-1',
      'x_0000000001_node-1',
    ]) {
      expect(log.get(id)).toBeUndefined();
    }
  });

  test('a record is not there before it is durable', async () => {
    const [first] = await appendAll(entries(1));
    const second = log.append(decisionEntry({}));
    expect(log.get('d_0000000002_node-1')).toBeUndefined();
    expect(log.list({}, { limit: 5 }).records.map(({ id }) => id)).toEqual([first?.id]);
    expect(log.get((await second).id)).toBeDefined();
  });

  test('a record that was changed in an older segment is refused, never shown', async () => {
    await reopen({ segmentBytes: 4000 });
    const records = await writeOneByOne(entries(20));
    const file = segmentsIn(directory)[1] ?? '';
    const lines = linesOf(file);
    const id = JSON.parse(lines[1] ?? '').id;
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(lines[1] ?? '', (lines[1] ?? '').replace('user:alice', 'user:alicf')),
    );
    expect(() => log.get(id)).toThrow(`record ${id} was changed`);
    expect(() => log.list({}, { limit: 100 })).toThrow(LogError);
    expect(verifyLog(directory, 'node-1')).toMatchObject({
      ok: false,
      error: expect.stringContaining(`line 3: record ${id} was changed`),
    });
    expect(log.get(records[0]?.id ?? '')).toEqual(records[0]);
  });
});

describe('list', () => {
  test('pages through everything, newest first, over segments', async () => {
    await reopen({ segmentBytes: 5000 });
    const records = await writeOneByOne(entries(47));
    const found: StoredDecision[] = [];
    let before: string | undefined;
    do {
      const page = log.list({}, { limit: 10, ...(before === undefined ? {} : { before }) });
      expect(page.records.length).toBeLessThanOrEqual(10);
      found.push(...page.records);
      before = page.next;
    } while (before !== undefined);
    expect(found).toEqual(records.toReversed());
  });

  test('an empty log has one empty page', () => {
    expect(log.list({}, { limit: 10 })).toEqual({ records: [] });
  });

  test('tells whether there is more', async () => {
    await appendAll(entries(3));
    expect(log.list({}, { limit: 2 }).next).toBe('d_0000000002_node-1');
    expect(log.list({}, { limit: 3 }).next).toBeUndefined();
    expect(log.list({}, { limit: 2, before: 'd_0000000002_node-1' })).toMatchObject({ records: [{ sequence: 1 }] });
  });

  test('filters by each field, and by all together', async () => {
    const deny = { allowed: false, reason: 'no_chain', reasons: ['no_chain'] } as const;
    await appendAll([
      decisionEntry({ request: { actor: 'agent:other' } }),
      decisionEntry({ request: { origin: 'user:bob' } }),
      decisionEntry({ request: { resource: 'tool:x', action: 'read' } }),
      decisionEntry({ decision: deny }),
      decisionEntry({ delegation: 'dg_2' }),
      decisionEntry({
        decision: { others: [{ delegation: 'dg_3', allowed: false, reasons: ['expired'], steps: [edge('dg_3')] }] },
      }),
      decisionEntry({ request: { context: { actor: 'agent:other', delegation: 'dg_2' } } }),
    ]);
    const found = (filter: Parameters<DecisionLog['list']>[0]) =>
      log.list(filter, { limit: 10 }).records.map(({ sequence }) => sequence);
    expect(found({ actor: 'agent:other' })).toEqual([1]);
    expect(found({ origin: 'user:bob' })).toEqual([2]);
    expect(found({ resource: 'tool:x' })).toEqual([3]);
    expect(found({ action: 'read' })).toEqual([3]);
    expect(found({ allowed: false })).toEqual([4]);
    expect(found({ allowed: true })).toEqual([7, 6, 5, 3, 2, 1]);
    expect(found({ delegation: 'dg_2' })).toEqual([5]);
    expect(found({ delegation: 'dg_3' })).toEqual([6]);
    expect(
      found({ action: 'call', origin: 'user:alice', allowed: true, delegation: 'dg_1', actor: 'agent:assistant' }),
    ).toEqual([7, 6]);
    expect(found({ actor: 'agent:nobody' })).toEqual([]);
  });

  test('looks at a bounded part, and says where to go on', async () => {
    const text = 'x'.repeat(500_000);
    await appendAll([decisionEntry({ request: { actor: 'agent:old' } })]);
    await appendAll(Array.from({ length: 20 }, () => decisionEntry({ request: { siblingActions: [text] } })));
    // Just opened, it has no index yet: every record is looked at.
    await reopen();
    const first = log.list({ actor: 'agent:old' }, { limit: 10 });
    expect(first.records).toEqual([]);
    const second = log.list({ actor: 'agent:old' }, { limit: 10, before: first.next ?? '' });
    expect(second).toMatchObject({ records: [{ sequence: 1 }] });
    expect(second.next).toBeUndefined();
  });

  test('a page that begins at no record of this log is refused', () => {
    expect(() => log.list({}, { limit: 1, before: 'd_0000000001_node-2' })).toThrow(LogError);
  });
});

describe('opening', () => {
  test('a torn last line is cut off, kept beside the segment, and the chain goes on', async () => {
    const records = await appendAll(entries(5));
    await log.close();
    const file = segmentsIn(directory)[0] ?? '';
    const whole = readFileSync(file);
    const lines = linesOf(file);
    const end = whole.length - Buffer.byteLength(lines[4] ?? '') - 1;
    for (const cut of [1, 2, 78, 200, whole.length - end - 1]) {
      writeFileSync(file, whole.subarray(0, whole.length - cut));
      log = openFileLog(directory, 'node-1');
      expect(readFileSync(`${file}.torn-${end}`).equals(whole.subarray(end, whole.length - cut))).toBe(true);
      expect(log.get(records[4]?.id ?? '')).toBeUndefined();
      expect(await append(decisionEntry({}))).toMatchObject({ sequence: 5, previous: records[3]?.hash });
      await log.close();
      expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: 5 } });
    }
  });

  test('a torn first line leaves an empty log', async () => {
    await appendAll(entries(1));
    await log.close();
    truncateSync(segmentsIn(directory)[0] ?? '', 10);
    log = openFileLog(directory, 'node-1');
    expect(await append(decisionEntry({}))).toMatchObject({ sequence: 1 });
  });

  const damages: readonly [string, (lines: string[]) => string[], RegExp][] = [
    [
      'a changed record',
      (lines) => lines.with(2, (lines[2] ?? '').replace('alice', 'malik')),
      /line 4: record d_0000000003_node-1 was changed/,
    ],
    [
      'a changed last record',
      (lines) => lines.with(5, (lines[5] ?? '').replace('alice', 'malik')),
      /line 7: record d_0000000006_node-1 was changed/,
    ],
    [
      'a missing record',
      (lines) => lines.toSpliced(2, 1),
      /line 4: record d_0000000004_node-1 has sequence 4, where 3 follows/,
    ],
    [
      'a missing first record',
      (lines) => lines.slice(1),
      /line 2: record d_0000000002_node-1 has sequence 2, where 1 follows/,
    ],
    [
      'a repeated record',
      (lines) => lines.toSpliced(2, 0, lines[1] ?? ''),
      /line 4: record d_0000000002_node-1 has sequence 2/,
    ],
    ['exchanged records', (lines) => [lines[1] ?? '', lines[0] ?? '', ...lines.slice(2)], /line 2/],
    ['a line of something else', (lines) => lines.toSpliced(3, 0, '{"level":30}'), /line 5: no decision record/],
    ['an empty line', (lines) => lines.toSpliced(3, 0, ''), /line 5: no decision record/],
  ];
  test.each(damages)('%s refuses, names it, and changes nothing', async (_, damage, message) => {
    await appendAll(entries(6));
    await log.close();
    const file = segmentsIn(directory)[0] ?? '';
    const damaged = `${[headerOf(file), ...damage(linesOf(file))].join('\n')}\n`;
    writeFileSync(file, damaged);
    expect(() => openFileLog(directory, 'node-1')).toThrow(LogError);
    expect(() => openFileLog(directory, 'node-1')).toThrow(message);
    expect(readFileSync(file, 'utf8')).toBe(damaged);
    // Verification goes on behind it, so it has words of its own; the place is the same.
    const [place = 'no place'] = /line \d+/.exec(String(message)) ?? [];
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: false, error: expect.stringContaining(place) });
  });

  test.each([
    [
      'an older format',
      '{"format":1,"id":"d_0000000001_node-1","node":"node-1"}',
      /format 1, of a version before.*--log/,
    ],
    [
      'a newer format',
      '{"header":{"first":1,"format":3,"frontier":[],"node":"node-1","previous":"PREVIOUS"}}',
      /format 3;.*use the version that wrote it/,
    ],
    [
      'a changed header',
      '{"header":{"first":1,"format":2,"frontier":[], "node":"node-1","previous":"PREVIOUS"}}',
      /line 1: a header/,
    ],
    [
      'a header of other records',
      '{"header":{"first":1,"format":2,"frontier":["PREVIOUS"],"node":"node-1","previous":"PREVIOUS"}}',
      /line 1: the frontier of 0 records has 0 hashes/,
    ],
    [
      'another chain',
      '{"header":{"first":1,"format":2,"frontier":[],"node":"node-1","previous":"PREVIOUs"}}',
      /line 1/,
    ],
    ['something else', 'hello', /line 1: no header/],
  ])('%s is refused, and nothing is changed', async (_, line, message) => {
    await log.close();
    const file = segmentsIn(directory)[0] ?? '';
    const content = `${line.replaceAll('PREVIOUS', '0'.repeat(64)).replaceAll('PREVIOUs', '1'.repeat(64))}\n`;
    writeFileSync(file, content);
    expect(() => openFileLog(directory, 'node-1')).toThrow(message);
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: false, error: expect.stringMatching(message) });
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  test('a header that tells another tree than the records before it is found by verification', async () => {
    await reopen({ segmentBytes: 3000 });
    await writeOneByOne(entries(12));
    await log.close();
    const file = segmentsIn(directory)[1] ?? '';
    const [frontier = ''] = JSON.parse(headerOf(file)).header.frontier;
    writeFileSync(file, readFileSync(file, 'utf8').replace(frontier, '0'.repeat(64)));
    expect(verifyLog(directory, 'node-1')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/line 1.*frontier/),
    });
  });

  test('a chain sealed anew from a changed record on does not join the segment before', async () => {
    await reopen({ segmentBytes: 3000 });
    await writeOneByOne(entries(6));
    await log.close();
    const other = join(root, `${count++}`);
    log = openFileLog(other, 'node-1', { segmentBytes: 3000 });
    await writeOneByOne(entries(6).map((entry) => ({ ...entry, caller: 'forged!' })));
    await log.close();
    const [mine, forged] = [segmentsIn(directory).at(-1) ?? '', segmentsIn(other).at(-1) ?? ''];
    expect(mine.slice(-30)).toBe(forged.slice(-30));
    writeFileSync(mine, readFileSync(forged));
    expect(() => openFileLog(directory, 'node-1')).toThrow(/does not follow the one before it/);
  });

  test('a missing or emptied segment refuses; archived oldest ones do not', async () => {
    await reopen({ segmentBytes: 3000 });
    const records = await writeOneByOne(entries(12));
    await log.close();
    const [oldest = '', middle = ''] = segmentsIn(directory);
    const content = readFileSync(middle);
    renameSync(middle, `${middle}.away`);
    expect(() => openFileLog(directory, 'node-1')).toThrow(/where \d+ follows/);
    writeFileSync(middle, '');
    expect(() => openFileLog(directory, 'node-1')).toThrow(/is empty/);
    writeFileSync(middle, content);
    renameSync(oldest, `${oldest}.archived`);
    log = openFileLog(directory, 'node-1');
    expect(await append(decisionEntry({}))).toMatchObject({ sequence: 13, previous: records[11]?.hash });
    expect(log.get(records[0]?.id ?? '')).toBeUndefined();
    expect(log.list({}, { limit: 50 }).records.at(-1)?.sequence).toBeGreaterThan(1);
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true });
  });

  test('a new segment left empty by a crash is gone on with', async () => {
    await reopen({ segmentBytes: 3000 });
    const records = await writeOneByOne(entries(5));
    await log.close();
    const wrong = join(directory, 'decisions-0000000000000009.jsonl');
    writeFileSync(wrong, '');
    expect(() => openFileLog(directory, 'node-1')).toThrow(/name is not that of sequence 6/);
    rmSync(wrong);
    writeFileSync(join(directory, 'decisions-0000000000000006.jsonl'), '');
    log = openFileLog(directory, 'node-1');
    expect(log.list({}, { limit: 50 }).records).toHaveLength(5);
    expect(await append(decisionEntry({}))).toMatchObject({ sequence: 6, previous: records[4]?.hash });
  });

  test("another node's directory, a bad name and a second opening are refused", async () => {
    await appendAll(entries(1));
    expect(() => openFileLog(directory, 'node-1')).toThrow(/another process has/);
    expect(() => openFileLog(join(root, 'x'), 'a node')).toThrow(LogError);
    await log.close();
    expect(() => openFileLog(directory, 'node-2')).toThrow(/is of node "node-1", not "node-2"/);
    expect(() => openFileLog(join(segmentsIn(directory)[0] ?? '', 'x'), 'node-1')).toThrow(LogError);
  });

  test('another process is refused', () => {
    const module = new URL('../../src/audit/file-log.ts', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => m.openFileLog(process.argv[1], 'node-1')).catch((e) => console.log(e.name))`;
    const { stdout } = spawnSync(process.execPath, ['-e', script, directory], { encoding: 'utf8' });
    expect(stdout.trim()).toBe('LogError');
  });
});

describe('a disk that fails', () => {
  test('a full disk refuses what waits, keeps what was answered, and goes on once there is room', async ({ skip }) => {
    using disk = mountTmpfs('1m');
    if (disk === undefined) return skip('mounting is not permitted here');
    await log.close();
    directory = disk.path;
    log = openFileLog(directory, 'node-1');
    const big = decisionEntry({ request: { context: { text: 'x'.repeat(3000) } } });
    const answered: StoredDecision[] = [];
    let refused = 0;
    while (refused === 0) {
      for (const result of await Promise.allSettled(Array.from({ length: 16 }, () => append(big)))) {
        if (result.status === 'fulfilled') answered.push(result.value);
        else {
          expect(result.reason).toBeInstanceOf(LogError);
          refused += 1;
        }
      }
    }
    // All that waited fell together, and no half line is left.
    expect(refused).toBe(16);
    expect(log.state.status).toBe('failing');
    expect(answered.length).toBeGreaterThan(100);
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: answered.length } });
    await expect(Promise.all(Array.from({ length: 99 }, () => log.append(big)))).rejects.toThrow(/ENOSPC/);

    disk.remount('size=4m');
    const next = await append(big);
    expect(next).toMatchObject({ sequence: answered.length + 1, previous: answered.at(-1)?.hash });
    expect(log.state.status).toBe('ok');
    for (const record of answered) expect(log.get(record.id)?.hash).toBe(record.hash);
    await log.close();
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: answered.length + 1 } });
    expect(readdirSync(directory).some((name) => name.includes('torn'))).toBe(false);
  });

  test('a directory that goes away refuses until it is back', async () => {
    const [first] = await appendAll(entries(1));
    renameSync(directory, `${directory}.away`);
    await expect(log.append(decisionEntry({}))).rejects.toThrow(LogError);
    await expect(log.append(decisionEntry({}))).rejects.toThrow(LogError);
    expect(log.state.status).toBe('failing');
    expect(existsSync(directory)).toBe(false);
    renameSync(`${directory}.away`, directory);
    expect(await append(decisionEntry({}))).toMatchObject({ sequence: 2, previous: first?.hash });
    expect(log.state.status).toBe('ok');
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: 2 } });
  });

  test('a segment that was deleted or shortened while open takes nothing more', async () => {
    await appendAll(entries(2));
    const file = segmentsIn(directory)[0] ?? '';
    const content = readFileSync(file);
    rmSync(file);
    await expect(log.append(decisionEntry({}))).rejects.toThrow(LogError);
    writeFileSync(file, content.subarray(0, 100));
    await expect(log.append(decisionEntry({}))).rejects.toThrow(/records are missing/);
    expect(log.state.status).toBe('failing');
    writeFileSync(file, content);
    expect(await append(decisionEntry({}))).toMatchObject({ sequence: 3 });
  });

  test('what came while the failing write was under way falls with it, though it could be written', async () => {
    await appendAll(entries(1));
    // The write finds more in the file than its own bytes; cutting that off repairs it at once.
    writeFileSync(segmentsIn(directory)[0] ?? '', 'x'.repeat(9000), { flag: 'a' });
    const failing = log.append(decisionEntry({}));
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = log.append(decisionEntry({}));
    const results = await Promise.allSettled([failing, waiting]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await append(decisionEntry({}))).toMatchObject({ sequence: 2 });
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: 2 } });
  });

  test('of many appends around a failure none is half there, and order and chain hold', async () => {
    await appendAll(entries(3));
    renameSync(directory, `${directory}.away`);
    // In the order of the calls: timers of a busy machine do not fire in the order in which they were set.
    const called: Promise<Appended>[] = [];
    const add = (): Promise<Appended> => {
      const appended = log.append(decisionEntry({}));
      called.push(appended);
      return appended;
    };
    const during = Array.from({ length: 50 }, add);
    // Forty more while the first are being refused, and the directory is back once one was: some fall before, some after.
    const back = during[0]?.catch(() => renameSync(`${directory}.away`, directory));
    const later = Array.from({ length: 40 }, async (_, n) => {
      for (let turn = 0; turn < n; turn++) await new Promise((resolve) => setImmediate(resolve));
      return add();
    });
    await Promise.allSettled([...during, ...later]);
    await back;
    called.push(log.append(decisionEntry({})));
    const results = await Promise.allSettled(called);
    const answered = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(results.slice(0, 50).every(({ status }) => status === 'rejected')).toBe(true);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.map(({ sequence }) => sequence)).toEqual(answered.map((_, n) => n + 4));
    expect(verifyLog(directory, 'node-1')).toMatchObject({ ok: true, value: { records: 3 + answered.length } });
  });
});

/** So that each record has a write of its own and segments change where they are full. */
async function writeOneByOne(given: readonly DecisionEntry[]): Promise<StoredDecision[]> {
  const records: StoredDecision[] = [];
  for (const entry of given) records.push(await append(entry));
  return records;
}

function edge(delegation: string) {
  return {
    kind: 'edge',
    delegation,
    from: 'user:alice',
    to: 'agent:assistant',
    reasons: [],
    conditions: [],
    not_before: 0,
  } as const;
}
