import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { compileBundle } from '../../src/core/bundle.ts';
import { toBundleSource } from '../../src/engine/bundles/publish.ts';
import { addCaller, listCallers, removeCaller } from '../../src/engine/callers.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const store = openSqliteStore(':memory:');
let ledger: Ledger;

beforeAll(() => {
  const bundle = compileBundle(toBundleSource([]));
  if (!bundle.ok) throw new Error('the empty bundle does not compile');
  ledger = new Ledger(store, () => 1000, bundle.value);
});
afterAll(() => store.close());

const POWERLESS = { ...DEV_CALLER, id: 'x', roles: ['check', 'delegate', 'audit', 'author'] } as const;

test('an administrator adds, lists and removes; an id is taken once', () => {
  expect(addCaller(ledger, { id: 'b' }, DEV_CALLER)).toEqual({ ok: true, value: { revision: ledger.token(1) } });
  expect(addCaller(ledger, { id: 'a' }, DEV_CALLER).ok).toBe(true);
  expect(addCaller(ledger, { id: 'a', more: 1 }, DEV_CALLER)).toMatchObject({ error: { code: 'conflict' } });
  expect(listCallers(ledger, DEV_CALLER)).toEqual({ ok: true, value: [{ id: 'a' }, { id: 'b' }] });
  expect(removeCaller(ledger, 'a', DEV_CALLER)).toEqual({ ok: true, value: { revision: ledger.token(3) } });
  expect(ledger.caller('a')).toBeUndefined();
  expect(removeCaller(ledger, 'a', DEV_CALLER)).toMatchObject({ error: { code: 'not_found' } });
});

test('nobody else does', () => {
  const before = ledger.revision;
  for (const result of [
    addCaller(ledger, { id: 'c' }, POWERLESS),
    listCallers(ledger, POWERLESS),
    removeCaller(ledger, 'b', POWERLESS),
  ]) {
    expect(result).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  }
  expect(ledger.revision).toBe(before);
});

test('callers survive reopening, removals too', () => {
  const again = new Ledger(store, () => 1000, ledger.bundle);
  expect(listCallers(again, DEV_CALLER)).toEqual({ ok: true, value: [{ id: 'b' }] });
});
