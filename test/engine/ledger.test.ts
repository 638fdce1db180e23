import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { publish, validateBundle } from '../../src/engine/bundles/publish.ts';
import { putEntity } from '../../src/engine/directory.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

const FILES = [{ path: 'model/main.fga', text: 'model\n  schema 1.1\ntype user\ntype document\n' }];

let store: Store;
let ledger: Ledger;
beforeEach(() => {
  const empty = validateBundle([]);
  if (!empty.ok) throw new Error('no files at all do not compile');
  store = openSqliteStore(':memory:');
  ledger = new Ledger(store, () => 1000, empty.value);
});
afterEach(() => store.close());

const put = (roles: readonly string[]) => putEntity(ledger, 'user:alice', { roles, attributes: {} }, DEV_CALLER);

test('tells its followers of each write, once it is visible', () => {
  const heard: number[] = [];
  const stop = ledger.follow(() => heard.push(ledger.revision, ledger.snapshot.revision));
  publish(ledger, FILES, DEV_CALLER, { orphans: 'refuse' });
  put(['a']);
  expect(put(['user']).ok).toBe(false);
  stop();
  put(['b']);
  expect(heard).toEqual([1, 1, 2, 2]);
});

test('writes down what the caller proved itself with, where that is known', () => {
  publish(ledger, FILES, { ...DEV_CALLER, credential: 'key:0123456789abcdef' }, { orphans: 'refuse' });
  const { credential: _unknown, ...caller } = DEV_CALLER;
  putEntity(ledger, 'user:alice', { roles: [], attributes: {} }, caller);
  const [first, second] = store.changes(0, 2);
  expect(first?.credential).toBe('key:0123456789abcdef');
  expect(second).not.toHaveProperty('credential');
});

test('before the first publication the empty bundle was in force, also looking back', () => {
  publish(ledger, FILES, DEV_CALLER, { orphans: 'refuse' });
  put([]);
  expect(ledger.at(0)?.bundle.types.has('document')).toBe(false);
  expect(ledger.at(1)?.bundle.types.has('document')).toBe(true);
});

test('what has no canonical form is the request’s fault, not the store’s', () => {
  publish(ledger, FILES, DEV_CALLER, { orphans: 'refuse' });
  expect(put(['half \ud800'])).toMatchObject({ ok: false, error: { code: 'unprocessable' } });
  expect(ledger.revision).toBe(1);
});
