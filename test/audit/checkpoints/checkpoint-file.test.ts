import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  appendCheckpoint,
  checkpointLine,
  readCheckpointFile,
  readCheckpoints,
} from '../../../src/audit/checkpoints/checkpoint-file.ts';
import { mountTmpfs } from '../../support/tmpfs.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-checkpoints-'));
afterAll(() => rmSync(root, { recursive: true }));

const NOTE = 'behalf/n\n5\nroot\n\n— behalf/n c2ln\n';
const good = (line: number) => ({ line, note: { ok: true, value: NOTE } });
const bad = (line: number) => ({
  line,
  note: { ok: false, error: 'the line is no {"note":"…"} with a checkpoint in it' },
});

test('checkpoints are appended, and read as they were', async () => {
  const path = join(root, 'checkpoints.jsonl');
  expect(readCheckpointFile(path)).toEqual({ lines: [], torn: '' });
  await appendCheckpoint(path, NOTE);
  await appendCheckpoint(path, NOTE);
  expect(readCheckpointFile(path)).toEqual({ lines: [good(1), good(2)], torn: '' });
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
});

test('a note by itself is one checkpoint', () => {
  expect(readCheckpoints(NOTE)).toEqual({ lines: [good(1)], torn: '' });
});

test('a line that is not ended is told apart', () => {
  expect(readCheckpoints(`${checkpointLine(NOTE)}{"note":"beha`)).toEqual({ lines: [good(1)], torn: '{"note":"beha' });
});

test.each([
  '{"note":5}',
  '{"note":"a" }',
  '{"note":"\\u0061"}',
  '{"note":"a","more":1}',
  '{"other":"a"}',
  '{',
  '{"note":null}',
])('%s is no line with a checkpoint', (line) => {
  expect(readCheckpoints(`${checkpointLine(NOTE)}${line}\n${checkpointLine(NOTE)}`).lines).toEqual([
    good(1),
    bad(2),
    good(3),
  ]);
});

test('a full disk leaves no half a line', async (context) => {
  using disk = mountTmpfs('64k');
  if (disk === undefined) return context.skip();
  const path = join(disk.path, 'checkpoints.jsonl');
  writeFileSync(path, checkpointLine(NOTE));
  await expect(appendCheckpoint(path, 'x'.repeat(200_000))).rejects.toThrow('ENOSPC');
  expect(readFileSync(path, 'utf8')).toBe(checkpointLine(NOTE));
  await appendCheckpoint(path, NOTE);
  expect(readCheckpointFile(path)).toEqual({ lines: [good(1), good(2)], torn: '' });
});
