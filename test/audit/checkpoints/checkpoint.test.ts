import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Checkpoint, openCheckpoint, signCheckpoint } from '../../../src/audit/checkpoints/checkpoint.ts';
import { type Signer, signNote } from '../../../src/audit/checkpoints/signed-note.ts';
import { EMPTY_ROOT } from '../../../src/audit/tree/merkle-hash.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer: Signer = { publicKey, sign: (bytes) => sign(null, bytes, privateKey) };

const CHECKPOINT: Checkpoint = {
  node: 'node-1',
  size: 20_852_163,
  root: EMPTY_ROOT,
  at: Date.parse('2026-11-25T01:02:03.004Z'),
  last: 'ab'.repeat(32),
  changes: { epoch: '6885dd08-cfeb-4caa-90bb-e392ea523036', revision: 15, sha256: 'cd'.repeat(32) },
};

test('a checkpoint is a signed note: origin, size, root, and what else there is to know', () => {
  const note = signCheckpoint(CHECKPOINT, signer);
  expect(note.split('\n').slice(0, -2)).toEqual([
    'behalf/node-1',
    '20852163',
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'time 2026-11-25T01:02:03.004Z',
    `last ${'ab'.repeat(32)}`,
    `changes 6885dd08-cfeb-4caa-90bb-e392ea523036.15 ${'cd'.repeat(32)}`,
    '',
  ]);
  expect(openCheckpoint(note, publicKey)).toEqual({ ok: true, value: CHECKPOINT });
});

test('one of an empty log, where nothing was ever changed', () => {
  const { changes: _none, ...rest } = CHECKPOINT;
  const empty = { ...rest, size: 0, last: '0'.repeat(64) };
  expect(openCheckpoint(signCheckpoint(empty, signer), publicKey)).toEqual({ ok: true, value: empty });
});

test('lines that it does not know are for others', () => {
  const note = signCheckpoint(CHECKPOINT, signer);
  const text = `${note.slice(0, note.lastIndexOf('\n\n'))}\nlater something\n`;
  expect(openCheckpoint(signNote(text, 'behalf/node-1', signer), publicKey)).toEqual({ ok: true, value: CHECKPOINT });
});

describe('what is none says why', () => {
  const lines = ['behalf/node-1', '5', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 'time 2026-11-25T01:02:03.004Z'];
  const last = `last ${'ab'.repeat(32)}`;
  test.each([
    [lines.with(0, 'example.org/log'), /^it does not begin with "behalf\/" and the name of a node/],
    [lines.with(0, 'behalf/'), /^it does not begin with/],
    [lines.with(1, '05'), /^"05" is no number of records$/],
    [lines.with(1, '-1'), /^"-1" is no number of records$/],
    [lines.with(2, 'AAAA'), /^"AAAA" is no root hash$/],
    [lines.with(2, lines[2]?.replace('U=', 'V=') ?? ''), /is no root hash$/],
    [lines.with(3, 'time yesterday'), /^it has no "time" in it/],
    [lines.with(3, 'time 2026-13-25T01:02:03.004Z'), /^it has no "time" in it/],
    [[...lines, 'last x'], /^it has no "last" in it/],
    [[...lines, last, 'changes 5'], /^its "changes" are not a revision and a hash$/],
  ])('%j', (text, error) => {
    const all = text.some((line) => line.startsWith('last')) ? text : [...text, last];
    const name = (all[0] ?? '').includes('behalf/n') ? 'behalf/node-1' : 'other';
    const note = signNote(`${all.join('\n')}\n`, name, signer);
    expect(openCheckpoint(note, publicKey)).toEqual({ ok: false, error: expect.stringMatching(error) });
  });

  test('another key', () => {
    const other = generateKeyPairSync('ed25519');
    const opened = openCheckpoint(signCheckpoint(CHECKPOINT, signer), other.publicKey);
    expect(opened).toEqual({ ok: false, error: expect.stringContaining('not by behalf/node-1 (key id ') });
  });
});
