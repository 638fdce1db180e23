import { expect, test } from 'vitest';
import { authenticate } from '../../src/callers/authenticate.ts';
import { toCallerRow } from '../../src/callers/caller-row.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { hashKey, makeKey } from '../../src/callers/key.ts';
import type { CallerRow } from '../../src/core/change.ts';

const GATEWAY = { ...DEV_CALLER, id: 'gateway' };

function keyed(id = 'gateway'): { key: string; row: CallerRow } {
  const { key, keyHash } = makeKey(id);
  return { key, row: toCallerRow({ ...GATEWAY, id }, keyHash) };
}

test('a key is its caller while its row is in force, and nobody from then on', () => {
  const { key, row } = keyed();
  const rows = new Map([['gateway', row]]);
  const find = (id: string) => rows.get(id);
  const credential = `key:${hashKey(key).slice(0, 16)}`;
  expect(authenticate(key, find)).toEqual({ ...GATEWAY, credential });
  expect(authenticate(key, find)).toEqual({ ...GATEWAY, credential });
  rows.delete('gateway');
  expect(authenticate(key, find)).toBeUndefined();
  rows.set('gateway', keyed().row);
  expect(authenticate(key, find)).toBeUndefined();
});

test('a key of another caller, a wrong secret and no key are nobody', () => {
  const mine = keyed();
  const other = keyed('other');
  const find = (id: string) => (id === 'gateway' ? mine.row : undefined);
  expect(authenticate(other.key, find)).toBeUndefined();
  expect(authenticate(`bhf.gateway.${other.key.slice(-43)}`, find)).toBeUndefined();
  expect(authenticate('', find)).toBeUndefined();
});

test('a stored caller that this version cannot read is nobody', () => {
  const { key, row } = keyed();
  expect(authenticate(key, () => ({ ...row, version: 2 }))).toBeUndefined();
});
