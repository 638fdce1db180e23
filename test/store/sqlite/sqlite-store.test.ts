import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { codeOf, setting, storeContract } from '../../contract/store.ts';
import { mountTmpfs } from '../../support/tmpfs.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-store-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function newPath(): string {
  return join(root, `${count++}`, 'store.db');
}

describe('the contract', () => {
  storeContract(() => {
    const path = newPath();
    return {
      open: () => openSqliteStore(path),
      backup: () => {
        copyFileSync(path, `${path}.backup`);
        return () => copyFileSync(`${path}.backup`, path);
      },
      dispose: () => rmSync(path),
    };
  });
});

describe('a file that it cannot take', () => {
  let path: string;
  beforeEach(() => {
    path = newPath();
    openSqliteStore(path).close();
  });

  test('a newer format is refused, says which, and the file stays as it is', () => {
    const db = new Database(path);
    db.pragma('user_version = 7');
    db.close();
    const before = readFileSync(path);
    expect(codeOf(() => openSqliteStore(path))).toBe('newer_format');
    expect(() => openSqliteStore(path)).toThrow('store format 7');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('a database of something else is refused and stays as it is', () => {
    const other = `${path}.other`;
    const db = new Database(other);
    db.exec('CREATE TABLE t (x)');
    db.close();
    const before = readFileSync(other);
    expect(codeOf(() => openSqliteStore(other))).toBe('not_a_store');
    expect(readFileSync(other).equals(before)).toBe(true);
  });

  test.each(['x', 'not a database', 'long '.repeat(4000)])('text is refused and stays as it is (%#)', (text) => {
    const other = `${path}.txt`;
    writeFileSync(other, text);
    expect(codeOf(() => openSqliteStore(other))).toBe('not_a_store');
    expect(readFileSync(other, 'utf8')).toBe(text);
  });

  test('a directory and an impossible path are refused', () => {
    expect(codeOf(() => openSqliteStore(root))).toBe('io');
    expect(codeOf(() => openSqliteStore(join(path, 'below-a-file')))).toBe('io');
  });

  test('a damaged file says so', () => {
    const store = openSqliteStore(path);
    for (let n = 0; n < 50; n++) store.commit(setting(`key${n}`, 'x'.repeat(1000)));
    store.close();
    const file = openSync(path, 'r+');
    const garbage = Buffer.alloc(4096, 0xa5);
    for (let offset = 4096; offset < statSync(path).size; offset += 4096) writeSync(file, garbage, 0, 4096, offset);
    expect(() => [...openSqliteStore(path).rows()]).toThrow(/damaged; restore a backup/);
  });

  test('another process is refused', () => {
    const store = openSqliteStore(path);
    const module = new URL('../../../src/store/sqlite/sqlite-store.ts', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => m.openSqliteStore(process.argv[1])).catch((e) => console.log(e.code))`;
    const { stdout } = spawnSync(process.execPath, ['-e', script, path], { encoding: 'utf8' });
    expect(stdout.trim()).toBe('in_use');
    expect(store.commit(setting('a', 1))).toBe(1);
    store.close();
  });
});

describe('a disk that fails', () => {
  test('a full disk refuses the commit, keeps all before it, and goes on once there is room', ({ skip }) => {
    using disk = mountTmpfs('2m');
    if (disk === undefined) return skip('mounting is not permitted here');
    const store = openSqliteStore(join(disk.path, 'store.db'));
    const fill = () => {
      for (;;) store.commit(setting(`key${store.revision}`, 'x'.repeat(50_000)));
    };
    expect(codeOf(fill)).toBe('io');
    const reached = store.revision;
    expect(reached).toBeGreaterThan(5);
    expect([...store.rows()]).toHaveLength(reached);
    disk.remount('size=8m');
    expect(store.commit(setting('more', 'x'.repeat(50_000)))).toBe(reached + 1);
    store.close();
    const again = openSqliteStore(join(disk.path, 'store.db'));
    expect([...again.rows()]).toHaveLength(reached + 1);
    again.close();
  });

  test('a read-only disk is refused', ({ skip }) => {
    using disk = mountTmpfs('2m');
    if (disk === undefined) return skip('mounting is not permitted here');
    const path = join(disk.path, 'store.db');
    openSqliteStore(path).close();
    disk.remount('ro');
    expect(codeOf(() => openSqliteStore(path))).toBe('read_only');
  });
});

test(':memory: works', () => {
  const store = openSqliteStore(':memory:');
  store.commit(setting('a', 1));
  expect([...store.rows()]).toHaveLength(1);
  store.close();
});
