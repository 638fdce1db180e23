import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Canonical, canonicalJson } from '../../src/core/canonical-json.ts';
import { type Change, relationshipKey } from '../../src/core/change.ts';
import type { Relationship } from '../../src/core/relationships/membership.ts';
import { validateBundle } from '../../src/engine/bundles/publish.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-ledger-'));
afterAll(() => rmSync(root, { recursive: true }));

const KEY = Buffer.alloc(32, 7);
const MANY = 10_500;
let count = 0;
let path: string;
let expected: Set<string>;

const tuple = (number: number): Relationship => ({
  user: `user:${number % 500}`,
  relation: 'viewer',
  object: `doc:${number}`,
  ...(number % 100 === 0 ? { condition: { name: 'c', context: { number } } } : undefined),
});
const textOf = (one: Relationship): string =>
  `${relationshipKey(one)} ${one.condition === undefined ? '' : canonicalJson(one.condition as unknown as Canonical)}`;

function commit(store: Store, write: readonly number[], remove: readonly number[] = []): void {
  const changes: Change[] = [
    ...remove.map((number): Change => ({ kind: 'relationship', key: relationshipKey(tuple(number)), value: null })),
    ...write.map((number): Change => {
      return { kind: 'relationship', key: relationshipKey(tuple(number)), value: tuple(number) };
    }),
  ];
  for (const number of remove) expected.delete(textOf(tuple(number)));
  for (const number of write) expected.add(textOf(tuple(number)));
  store.commit({ at: 1, by: 'alice', act: 'write_relationships', changes });
}

/** The relationships of a ledger on the store as it is, which is left open. */
function start(): { store: Store; ledger: Ledger; stored: Set<string> } {
  const store = openSqliteStore(path, { cacheKey: KEY });
  const empty = validateBundle([]);
  if (!empty.ok) expect.fail();
  const ledger = new Ledger(store, () => 1, empty.value);
  // As a server does once it has held the rows against the change log.
  ledger.cacheRelationships();
  const stored = new Set([...ledger.snapshot.tuples.all()].map(textOf));
  expect(ledger.snapshot.revision).toBe(store.revision);
  return { store, ledger, stored };
}

describe('relationships cached beside the log', () => {
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

  beforeEach(() => {
    path = join(root, `${count++}.db`);
    expected = new Set();
    const store = openSqliteStore(path, { cacheKey: KEY });
    commit(store, range(0, MANY));
    store.close();
    start().store.close();
    expect(existsSync(`${path}.relationships`)).toBe(true);
  });

  it('are not kept before somebody has asked for it: the rows may be anybody’s', () => {
    rmSync(`${path}.relationships`);
    const store = openSqliteStore(path, { cacheKey: KEY });
    const empty = validateBundle([]);
    if (!empty.ok) expect.fail();
    const ledger = new Ledger(store, () => 1, empty.value);
    expect(ledger.startedFromCache).toBe(false);
    store.close();
    expect(existsSync(`${path}.relationships`)).toBe(false);
  });

  it('lead to the same state, with what came after them', () => {
    const first = start();
    expect(first.stored).toEqual(expected);
    commit(first.store, range(MANY, MANY + 5), range(0, 200));
    commit(first.store, [3, 100]);
    first.store.close();
    const second = start();
    expect(second.stored).toEqual(expected);
    second.store.close();
  });

  it('are used: what they hold is not read row by row', () => {
    const { store } = start();
    expect([...store.rows(undefined, 'relationship')]).toEqual([]);
    expect(store.cachedRelationships()?.revision).toBe(1);
    store.close();
  });

  it('are left alone where they are damaged or from another history', () => {
    const bytes = readFileSync(`${path}.relationships`);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(`${path}.relationships`, bytes);
    copyFileSync(path, `${path}.backup`);
    const damaged = start();
    expect(damaged.stored).toEqual(expected);
    const before = new Set(expected);
    commit(damaged.store, range(MANY, MANY * 2 + 5000));
    damaged.store.close();
    start().store.close();
    copyFileSync(`${path}.backup`, path);
    const restored = start();
    expect(restored.stored).toEqual(before);
    restored.store.close();
  });
});
