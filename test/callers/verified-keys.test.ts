import { describe, expect, test } from 'vitest';
import { authenticate } from '../../src/callers/authenticate.ts';
import { toCallerRow } from '../../src/callers/caller-row.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { makeKey } from '../../src/callers/key.ts';
import type { CallerRow } from '../../src/core/change.ts';

/** Some keys are asked for often enough to be remembered; nothing of that may be seen. */
function keyed(id: string): { key: string; row: CallerRow } {
  const { key, keyHash } = makeKey(id);
  return { key, row: toCallerRow({ ...DEV_CALLER, id }, keyHash) };
}

function withOne(id: string) {
  const { key, row } = keyed(id);
  const rows = new Map([[id, row]]);
  const find = (name: string) => rows.get(name);
  for (let count = 0; count < 3; count++) expect(authenticate(key, find)?.id).toBe(id);
  return { key, row, rows, find };
}

describe('a key that was used', () => {
  test('is dead on the next call after its caller is removed, and stays so', () => {
    const { key, rows, find } = withOne('removed');
    rows.clear();
    expect([authenticate(key, find), authenticate(key, find)]).toEqual([undefined, undefined]);
  });

  test('is dead on the next call after its caller gets another key', () => {
    const { key, rows, find } = withOne('rotated');
    const next = keyed('rotated');
    rows.set('rotated', next.row);
    expect([authenticate(key, find), authenticate(next.key, find)?.id]).toEqual([undefined, 'rotated']);
    expect(authenticate(key, find)).toBeUndefined();
  });

  test('has the rights of the row that is in force now', () => {
    const { key, row, rows, find } = withOne('changed');
    rows.set('changed', { ...row, roles: ['audit'] });
    expect(authenticate(key, find)?.roles).toEqual(['audit']);
    rows.set('changed', row);
    expect(authenticate(key, find)?.roles).toEqual(DEV_CALLER.roles);
  });

  test('means nothing where another store has another caller of that name', () => {
    const { key } = withOne('twice');
    const elsewhere = keyed('twice');
    expect(authenticate(key, () => elsewhere.row)).toBeUndefined();
  });
});

test('a wrong key stays wrong however often it is sent', () => {
  const { key, find } = withOne('right');
  const wrong = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
  for (let count = 0; count < 3; count++) expect(authenticate(wrong, find)).toBeUndefined();
  expect(authenticate(key, find)?.id).toBe('right');
});

test('more callers than are remembered are all known, and one removed is not', () => {
  const callers = Array.from({ length: 1500 }, (_, index) => keyed(`many-${index}`));
  const rows = new Map(callers.map(({ row }) => [row.id, row]));
  const find = (id: string) => rows.get(id);
  for (let round = 0; round < 2; round++) {
    for (const { key, row } of callers) expect(authenticate(key, find)?.id).toBe(row.id);
  }
  const last = callers.at(-1);
  expect(last).toBeDefined();
  rows.delete('many-1499');
  expect(authenticate(last?.key ?? '', find)).toBeUndefined();
});
