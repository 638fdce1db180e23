import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { callerIdOf, hashKey, makeKey, matchesKey } from '../../src/callers/key.ts';

test('a key names its caller, has 32 random bytes and is stored as its SHA-256', () => {
  const { key, keyHash } = makeKey('gate.way-1');
  expect(key).toMatch(/^bhf\.gate\.way-1\.[A-Za-z0-9_-]{43}$/);
  expect(Buffer.from(key.slice(-43), 'base64url')).toHaveLength(32);
  expect(callerIdOf(key)).toBe('gate.way-1');
  expect(keyHash).toBe(createHash('sha256').update(key).digest('hex'));
  expect(keyHash).not.toContain(key.slice(-43));
  expect(makeKey('gate.way-1').key).not.toBe(key);
});

test('only the very same key matches', () => {
  const { key, keyHash } = makeKey('a');
  const stored = Buffer.from(keyHash, 'hex');
  expect(matchesKey(key, stored)).toBe(true);
  expect(matchesKey(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`, stored)).toBe(false);
  expect(matchesKey(makeKey('a').key, stored)).toBe(false);
  expect(matchesKey(key, stored.subarray(0, 31))).toBe(false);
  expect(matchesKey('', stored)).toBe(false);
  expect(hashKey(key)).toBe(keyHash);
});

test.each([
  '',
  'bhf',
  'bhf.a',
  'bhf.a.short',
  `xyz.a.${'A'.repeat(43)}`,
  `bhf..${'A'.repeat(43)}`,
  `bhf.a b.${'A'.repeat(43)}`,
  `bhf.a.${'A'.repeat(44)}`,
])('what has not the form of a key belongs to nobody: %j', (text) => {
  expect(callerIdOf(text)).toBeUndefined();
});
