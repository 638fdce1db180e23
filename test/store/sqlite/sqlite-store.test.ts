import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import canonicalize from 'canonicalize';
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
      open: () => openSqliteStore(path, { cacheKey: Buffer.alloc(32, 7) }),
      backup: () => {
        copyFileSync(path, `${path}.backup`);
        return () => copyFileSync(`${path}.backup`, path);
      },
      dispose: () => rmSync(path),
    };
  });
});

test('store and log are for their owner alone, also those that were not', () => {
  const path = newPath();
  const isForOwner = () => [path, `${path}-wal`].map((file) => statSync(file).mode & 0o077);
  const before = process.umask(0o022);
  try {
    const store = openSqliteStore(path);
    expect(isForOwner()).toEqual([0, 0]);
    store.close();
    chmodSync(path, 0o644);
    const again = openSqliteStore(path);
    expect(isForOwner()).toEqual([0, 0]);
    again.close();
  } finally {
    process.umask(before);
  }
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

test('a search that finds little gives up in between, and goes on', () => {
  const path = newPath();
  let store = openSqliteStore(path);
  store.commit(setting('a', 1));
  store.commit({ ...setting('a', 1), by: 'bob', changes: [] });
  store.close();
  const db = new Database(path);
  db.exec(`WITH RECURSIVE n(r) AS (SELECT 3 UNION ALL SELECT r + 1 FROM n WHERE r < 12000)
    INSERT INTO commits SELECT r, at, latest_time, caller, credential, act, epoch, previous, sha256, counts, bytes, parts, changes
      FROM n, commits WHERE revision = 2`);
  db.exec(`INSERT INTO mentions SELECT facet, name, c.revision FROM mentions AS m, commits AS c
    WHERE m.revision = 2 AND c.revision > 2`);
  db.close();
  store = openSqliteStore(path);
  for (const filter of [{ kinds: ['entity', 'caller'] as const }, { by: 'bob', kinds: ['entity'] as const }]) {
    const pages = [store.search(filter, 1e6, 5)];
    while (pages.at(-1)?.next !== undefined) pages.push(store.search(filter, pages.at(-1)?.next ?? 0, 5));
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(({ revisions }) => revisions)).toEqual('by' in filter ? [] : [1]);
  }
  store.close();
});

describe('a store of format 1, as the version before made it', () => {
  const FILE = new URL('format-1.db', import.meta.url);

  function openOld(change: (db: Database.Database) => void = () => {}) {
    const path = newPath();
    mkdirSync(dirname(path));
    copyFileSync(FILE, path);
    const db = new Database(path);
    const commits = db.prepare('SELECT revision, at, caller AS by, act, changes FROM commits').all();
    const rows = db.prepare('SELECT kind, key, created_revision, value FROM live ORDER BY kind, key').all();
    change(db);
    db.close();
    return { path, commits: commits.map(parsed), rows: rows.map(parsed) };
  }

  function parsed(row: unknown) {
    const { changes, value, ...rest } = row as { changes?: string; value?: string };
    return {
      ...rest,
      ...(changes === undefined ? {} : { changes: JSON.parse(changes) }),
      ...(value === undefined ? {} : { value: JSON.parse(value) }),
    };
  }

  test('is chained, keeps all it has, and goes on', () => {
    const { path, commits, rows } = openOld();
    expect(commits).toHaveLength(13);
    let store = openSqliteStore(path);
    for (let opening = 0; opening < 2; opening++) {
      expect(store.changes(0, 100)).toMatchObject(commits);
      expect([...store.rows()]).toEqual(rows);
      let previous = '0'.repeat(64);
      for (const { text, sha256 } of store.lines(0, 1e6)) {
        const { sha256: own, ...sealed } = JSON.parse([...text].join(''));
        expect(own).toBe(hash('sha256', canonicalize(sealed) ?? '', 'hex'));
        expect([own, sealed.previous]).toEqual([sha256, previous]);
        previous = own;
      }
      expect(store.head).toMatchObject({ revision: 13, sha256: previous });
      store.close();
      store = openSqliteStore(path);
    }
    const epochs = store.changes(0, 100).map(({ epoch }) => epoch.slice(0, 4));
    expect(epochs).toEqual([...Array(6).fill('a002'), ...Array(7).fill('798c')]);
    expect(store.changes(0, 100).every(({ credential }) => credential === undefined)).toBe(true);
    expect(store.search({ about: 'user:alice' }, 100, 100).revisions).toEqual([10, 5, 4, 2]);
    expect(store.search({ about: 'user:bob' }, 100, 100).revisions).toEqual([12, 9, 8]);
    expect(store.search({ kinds: ['revocation'] }, 100, 100).revisions).toEqual([10]);
    expect(store.revisionAt(Date.parse('2026-11-20T08:05:30Z'))).toBe(6);
    expect(store.idempotent('dev', 'k1')).toBeDefined();
    expect(store.commit(setting('a', 1))).toBe(14);
    expect(store.changes(13, 1)).toMatchObject([{ previous: store.sha256(13), epoch: store.epoch }]);
    store.close();
  });

  test('half a surrogate pair, which it took, is a replacement character in the chain', () => {
    const { path } = openOld((db) => {
      db.exec(`UPDATE commits SET changes = replace(changes, 'the review', 'the \\ud800 review')`);
    });
    const store = openSqliteStore(path);
    expect(JSON.stringify(store.changes(9, 1))).toContain('the \ufffd review is over');
    store.close();
  });

  test('with a commit missing it is refused and stays as it was', () => {
    const { path } = openOld((db) => db.exec('DELETE FROM commits WHERE revision = 5'));
    const before = readFileSync(path);
    expect(() => openSqliteStore(path)).toThrow('the commit of revision 5 is missing');
    expect(readFileSync(path).equals(before)).toBe(true);
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
