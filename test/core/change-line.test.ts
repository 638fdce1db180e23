import canonicalize from 'canonicalize';
import { expect, test } from 'vitest';
import {
  aroundChanges,
  aroundChangeText,
  CHANGE_SEAL_BYTES,
  CHANGE_TAIL_BYTES,
  type ChangeHead,
  readChangeLink,
} from '../../src/core/change-line.ts';

const SHA = 'ab'.repeat(32);
const HEAD: ChangeHead = {
  act: 'delegate',
  at: 1_800_000_000_123,
  by: 'ad"min\u0007€',
  credential: 'key:0123456789abcdef',
  epoch: '6885dd08-cfeb-4caa-90bb-e392ea523036',
  previous: 'cd'.repeat(32),
  revision: 42,
};

test.each([HEAD, { ...HEAD, credential: undefined }])('both texts are canonical JSON of what they say', (head) => {
  const sealed = aroundChanges(head).join('[]');
  const line = aroundChangeText(head, SHA).join('[]');
  const said = { ...head, changes: [], format: 2 };
  expect(sealed).toBe(canonicalize(said));
  expect(line).toBe(canonicalize({ ...said, sha256: SHA }));
  expect(`${line.slice(0, -CHANGE_SEAL_BYTES)}}`).toBe(sealed);
});

test('the link is read from the end of a line', () => {
  const line = aroundChangeText(HEAD, SHA).join(`["${'x'.repeat(1000)}"]`);
  const { epoch, revision, previous } = HEAD;
  expect(readChangeLink(line.slice(-CHANGE_TAIL_BYTES))).toEqual({
    ok: true,
    value: { epoch, revision, previous, sha256: SHA },
  });
});

test('the longest one fits into the bytes that are looked at', () => {
  const head = { ...HEAD, epoch: 'e'.repeat(64), revision: Number.MAX_SAFE_INTEGER };
  const line = aroundChangeText(head, SHA).join(`[${'1,'.repeat(500)}1]`);
  expect(readChangeLink(line.slice(-CHANGE_TAIL_BYTES)).ok).toBe(true);
});

test.each([
  ['nothing', () => '', 'no line of a change log'],
  ['more behind it', (line: string) => `${line} `, 'no line of a change log'],
  ['half of it', (line: string) => line.slice(0, -1), 'no line of a change log'],
  ['revision 0', (line: string) => line.replace('"revision":42', '"revision":0'), 'no line of a change log'],
  [
    'another order',
    (line: string) => line.replace(/("previous":"\w+"),("revision":42)/, '$2,$1'),
    'no line of a change log',
  ],
  ['a newer format', (line: string) => line.replace('"format":2', '"format":3'), 'use the version that wrote it'],
])('%s is none', (_what, change, message) => {
  const line = aroundChangeText(HEAD, SHA).join('[]');
  expect(readChangeLink(change(line))).toEqual({ ok: false, error: expect.stringContaining(message) });
});
