import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../../src/audit/checkpoints/checkpoint.ts';
import { CHECKPOINTS, readCheckpointFile } from '../../../src/audit/checkpoints/checkpoint-file.ts';
import type { Evidence } from '../../../src/audit/checkpoints/evidence.ts';
import { type EvidenceOptions, openFileEvidence } from '../../../src/audit/checkpoints/file-evidence.ts';
import { verifyRecordProof } from '../../../src/audit/checkpoints/record-proof.ts';
import { parsePublicKey } from '../../../src/audit/checkpoints/signing-key.ts';
import { openFileLog } from '../../../src/audit/file-log.ts';
import type { DecisionLog } from '../../../src/audit/log.ts';
import { recordId } from '../../../src/audit/records/record.ts';
import { isConsistent } from '../../../src/audit/tree/consistency.ts';
import { verifyDirectory } from '../../../src/audit/verify/verify-directory.ts';
import { decisionEntry } from '../../support/decision-entry.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-evidence-'));
afterAll(() => rmSync(root, { recursive: true }));

const NEVER = { records: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY };
let place: string;
let directory: string;
let log: DecisionLog;
let evidence: Evidence;
let now: number;
let revision: number;
/** Of every change that the store has. */
const sha256 = (at: number): string | undefined => (at <= revision ? 'ab'.repeat(32) : undefined);

beforeEach(async () => {
  place = mkdtempSync(join(root, 'node-'));
  directory = join(place, 'log');
  now = Date.parse('2030-01-01T00:00:00Z');
  revision = 0;
  await open();
});
afterEach(close);

async function open(options: Partial<EvidenceOptions> = {}): Promise<void> {
  log = openFileLog(directory, 'node-1', { segmentBytes: 6000 });
  try {
    evidence = openFileEvidence({
      directory,
      node: 'node-1',
      keyPath: join(place, 'audit.key'),
      head: () => log.state.last,
      changes: {
        sha256,
        get revision() {
          return revision;
        },
        mirrored: async () => (revision === 0 ? undefined : { epoch: 'e', revision, sha256: 'ab'.repeat(32) }),
      },
      pushTo: {},
      clock: () => now,
      every: NEVER,
      ...options,
    });
  } catch (fault) {
    await log.close();
    throw fault;
  }
}

async function close(): Promise<void> {
  await evidence.close();
  await log.close();
}

async function reopen(options?: Partial<EvidenceOptions>): Promise<void> {
  await close();
  await open(options);
}

async function decide(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => log.append(decisionEntry({ at: now }))));
}

function key() {
  const parsed = parsePublicKey(evidence.publicKey);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** The sizes of the checkpoints on disk. */
function sizes(): readonly number[] {
  return readCheckpointFile(join(directory, CHECKPOINTS)).lines.map(({ note }) => {
    const opened = note.ok ? openCheckpoint(note.value, key()) : note;
    if (!opened.ok) throw new Error(opened.error);
    return opened.value.size;
  });
}

describe('checkpoints are made', () => {
  test('on request, if there is something new, and at the end', async () => {
    await decide(3);
    const first = await evidence.checkpoint();
    expect(first.checkpoint).toMatchObject({
      node: 'node-1',
      size: 3,
      root: log.state.last.root,
      last: log.state.last.hash,
      at: now,
    });
    expect(await evidence.checkpoint()).toBe(first);
    revision = 1;
    expect((await evidence.checkpoint()).checkpoint.changes).toMatchObject({ revision: 1 });
    await decide(2);
    await close();
    expect(sizes()).toEqual([3, 3, 5]);
    await open();
    await close();
    expect(sizes()).toEqual([3, 3, 5]);
  });

  test('after so many records', async () => {
    await reopen({ every: { records: 10, ms: Number.POSITIVE_INFINITY } });
    await decide(9);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sizes()).toEqual([0]);
    await decide(1);
    await vi.waitFor(() => expect(sizes()).toEqual([0, 10]));
  });

  test('after so long, if anything was decided or changed', async () => {
    await reopen({ every: { records: Number.POSITIVE_INFINITY, ms: 10_000 } });
    await evidence.checkpoint();
    await decide(1);
    now += 9000;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sizes()).toEqual([0]);
    now += 1000;
    await vi.waitFor(() => expect(sizes()).toEqual([0, 1]));
    now += 60_000;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sizes()).toEqual([0, 1]);
    revision = 1;
    await vi.waitFor(() => expect(sizes()).toEqual([0, 1, 1]));
  });

  test('one at a time', async () => {
    await decide(1);
    const asked = [evidence.checkpoint(), evidence.checkpoint(), evidence.checkpoint()];
    expect(new Set((await Promise.all(asked)).map(({ note }) => note)).size).toBe(1);
  });

  test('and cover what came before they were asked for', async () => {
    const mirrored = Promise.withResolvers<undefined>();
    await reopen({ changes: { revision: 0, sha256, mirrored: () => mirrored.promise } });
    await decide(1);
    const early = evidence.checkpoint();
    await decide(1);
    const late = evidence.checkpoint();
    mirrored.resolve(undefined);
    expect([(await early).checkpoint.size, (await late).checkpoint.size]).toEqual([1, 2]);
  });

  test('and a store that has lost changes since is refused', async () => {
    revision = 3;
    await evidence.checkpoint();
    await reopen();
    await close();
    revision = 2;
    await expect(open()).rejects.toThrow(/the store ends at revision 2, where .* says that it had revision 3/);
    revision = 4;
    const other = { revision: 4, sha256: () => 'cd'.repeat(32), mirrored: () => Promise.resolve(undefined) };
    await expect(open({ changes: other })).rejects.toThrow(/has another history/);
    await open();
  });

  test('or it is told why not, and decisions go on', async () => {
    await reopen({ changes: { revision: 1, sha256, mirrored: () => Promise.reject(new Error('the mirror is full')) } });
    await decide(1);
    await expect(evidence.checkpoint()).rejects.toThrow('no checkpoint could be made: the mirror is full');
    expect(evidence.state).toMatchObject({ uncovered: 1, failure: 'the mirror is full' });
    await decide(1);
    expect(evidence.state.uncovered).toBe(2);
    await reopen();
    await evidence.checkpoint();
    expect(evidence.state).toEqual({ uncovered: 0, newest: { size: 2, at: now }, pushes: [] });
  });

  test('and pushed', async () => {
    const file = join(place, 'kept.jsonl');
    await reopen({ pushTo: { file, webhook: 'http://127.0.0.1:1/none' } });
    await decide(1);
    const { note } = await evidence.checkpoint();
    await vi.waitFor(() =>
      expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(`${JSON.stringify({ note })}\n`),
    );
    await vi.waitFor(() =>
      expect(evidence.state.pushes).toEqual([
        { to: 'file', waiting: 0 },
        { to: 'webhook', waiting: 1, failure: expect.any(String) },
      ]),
    );
  });
});

describe('opening', () => {
  test('goes on from the newest checkpoint; one that was not written whole is cut off', async () => {
    await decide(2);
    await evidence.checkpoint();
    await close();
    appendFileSync(join(directory, CHECKPOINTS), '{"note":"behalf/nö');
    await open();
    expect(evidence.state.newest?.size).toBe(2);
    await decide(1);
    await evidence.checkpoint();
    expect(sizes()).toEqual([2, 3]);
  });

  test('refuses another log than its checkpoint says', async () => {
    await decide(2);
    await close();
    for (const name of readdirSync(directory)) if (/^(decisions|tree)/.test(name)) rmSync(join(directory, name));
    await expect(open()).rejects.toThrow(
      /^the decision log ends at record 0, where its checkpoint of .* there were 2: records are missing/,
    );
    log = openFileLog(directory, 'node-1');
    await decide(2);
    await log.close();
    // The same number of others.
    rmSync(join(directory, 'decisions-0000000000000001.jsonl'));
    log = openFileLog(directory, 'node-1');
    now += 5;
    await decide(2);
    await log.close();
    await expect(open()).rejects.toThrow(/^the decision log is another one than its checkpoint of .* says/);
    rmSync(join(directory, CHECKPOINTS));
    await open();
  });

  test('refuses checkpoints of another node, and nonsense', async () => {
    await decide(1);
    await evidence.checkpoint();
    await close();
    const text = readFileSync(join(directory, CHECKPOINTS), 'utf8');
    for (const [changed, message] of [
      [
        text.replaceAll('node-1', 'node-2'),
        /checkpoints.jsonl, line 1: the signature of behalf\/node-2 is wrong|it is signed by/,
      ],
      ['{}\n', /checkpoints.jsonl, line 1: the line is no/],
    ] as const) {
      writeFileSync(join(directory, CHECKPOINTS), changed);
      await expect(open()).rejects.toThrow(message);
    }
    writeFileSync(join(directory, CHECKPOINTS), text);
    await open();
  });
});

describe('proofs', () => {
  test('of every record, across segments, restarts and missing trees', async () => {
    await decide(40);
    await evidence.checkpoint();
    await close();
    for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
    await open();
    await decide(7);
    const { checkpoint } = await evidence.checkpoint();
    expect(checkpoint.size).toBe(47);
    for (let sequence = 1; sequence <= 47; sequence += 1) {
      const proof = await vi.waitFor(() => evidence.proof(recordId(sequence, 'node-1')));
      const proven = verifyRecordProof(JSON.parse(JSON.stringify(proof)), key());
      expect(proven).toMatchObject({ ok: true, value: { record: { sequence } } });
      // The step that is repeated stands in an earlier record of the segment, or in this one.
      expect(proven.ok && proven.value.record.decision.chain?.steps).toHaveLength(2);
    }
    expect(verifyDirectory(directory).faults).toEqual([]);
  });

  test('of records that are left, once older ones were removed', async () => {
    await decide(40);
    await close();
    const [oldest] = readdirSync(directory)
      .filter((name) => /^decisions-.*jsonl$/.test(name))
      .sort();
    rmSync(join(directory, oldest ?? ''));
    await open();
    await decide(1);
    expect(await evidence.proof(recordId(1, 'node-1'))).toBeUndefined();
    const proof = await vi.waitFor(() => evidence.proof(recordId(41, 'node-1')));
    expect(verifyRecordProof(proof, key()).ok).toBe(true);
    expect(verifyDirectory(directory).faults).toEqual([]);
  });

  test('of nothing else', async () => {
    await decide(1);
    for (const id of ['d_0000000002_node-1', 'd_0000000001_node-2', 'd_x', '']) {
      expect(await evidence.proof(id)).toBeUndefined();
    }
  });

  test('are not made of hashes that are wrong', async () => {
    await decide(30);
    await evidence.checkpoint();
    const path = join(directory, 'tree-0.bin');
    const bytes = readFileSync(path);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(evidence.proof(recordId(1, 'node-1'))).rejects.toThrow(
      /^the proof cannot be made now: the hashes in tree-\*.bin do not lead from record 1 to the checkpoint/,
    );
  });

  test('that the log only grew', async () => {
    await decide(5);
    const then = await evidence.checkpoint();
    await decide(30);
    const after = await evidence.checkpoint();
    const { from, to, path } = evidence.consistency(5, 35);
    expect([from.root, to.root]).toEqual([then.checkpoint.root, after.checkpoint.root]);
    expect(isConsistent(then.checkpoint, after.checkpoint, path)).toBe(true);
  });
});
