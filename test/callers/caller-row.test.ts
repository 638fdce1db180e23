import { expect, test } from 'vitest';
import type { Caller } from '../../src/callers/caller.ts';
import { readCallerRow, toCallerRow } from '../../src/callers/caller-row.ts';
import { makeKey } from '../../src/callers/key.ts';

const CALLER: Caller = {
  id: 'gateway',
  roles: ['check'],
  actors: ['agent:*'],
  origins: ['user:*'],
  vouches: [],
  direct: false,
  asserts: ['roles'],
  agents: { claude: 'agent:claude' },
  mode: 'observe',
};

test('a caller survives its row, as JSON keeps it, and the key is not in it', () => {
  const { key, keyHash } = makeKey(CALLER.id);
  const row = JSON.parse(JSON.stringify(toCallerRow(CALLER, keyHash)));
  const read = readCallerRow(row);
  expect(read.ok && read.value).toEqual({ caller: CALLER, keyHash: Buffer.from(keyHash, 'hex') });
  expect(JSON.stringify(row)).not.toContain(key.slice(-43));
});

test('what a caller proved itself with this time is not stored', () => {
  const row = toCallerRow({ ...CALLER, credential: 'dev' }, makeKey(CALLER.id).keyHash);
  expect(row).not.toHaveProperty('credential');
  expect(readCallerRow(row)).toMatchObject({ ok: true, value: { caller: CALLER } });
});

test.each<[string, object]>([
  ['a newer format', { version: 2 }],
  ['no hash', { key_hash: undefined }],
  ['half a hash', { key_hash: 'abcd' }],
  ['a role that this version does not know', { roles: ['check', 'replay'] }],
  ['a restriction that this version does not know', { hours: '9-17' }],
])('a row with %s is nobody', (_what, change) => {
  const row = { ...toCallerRow(CALLER, makeKey(CALLER.id).keyHash), ...change };
  expect(readCallerRow(row).ok).toBe(false);
});
