import { randomUUID } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Change } from '../../core/change.ts';
import type { FindRow } from '../../core/mentions.ts';
import {
  type CachedRelationships,
  type ChangeFilter,
  type ChangeHead,
  type ChangeLine,
  type ChangeSearch,
  type Commit,
  type IdempotentAnswer,
  type LoggedCommit,
  type Store,
  type StoredCommit,
  type StoredRow,
  type StoredVersion,
  StoreError,
} from '../store.ts';
import { type ChainEnd, ChangeLog } from './change-log.ts';
import { cachePath, readCache, writeCache } from './relationship-cache.ts';
import { migrate, refuseForeign } from './schema.ts';
import { toStoreError } from './sqlite-error.ts';
import { prepareStatements, type RawRow, type RowPlace, type Statements } from './statements.ts';

/**
 * How long the answer for an idempotency key is kept, in milliseconds of commit time: a day, longer than any client
 * retries and short enough that the table stays small. Older ones are removed with the next commit.
 */
export const IDEMPOTENCY_AGE_MS = 24 * 3600 * 1000;

/** Bytes; no SQLite database is smaller (sqlite.org/fileformat.html, section 1.3.2). */
const SMALLEST_PAGE = 512;

/** Whoever reads the store knows everybody's delegations. */
const OWNER_ONLY = 0o600;

/** Rows read from SQLite at a time: no statement stays open while the caller looks at them, so it may commit. */
const ROWS_PER_READ = 1000;

/** SQLite puts every blob behind every text (sqlite.org/datatype3.html, section 4.1). */
const BEHIND_ALL_KEYS = Buffer.alloc(0);

export interface SqliteStoreOptions {
  readonly cacheKey?: Uint8Array;
}

/**
 * Opens or creates the store in the file at `path` (`:memory:` for one that ends with the process), with its
 * directory. Begins a new epoch. The file stays locked until `close` or the end of the process.
 *
 * WAL with `synchronous = FULL`: every commit is on disk before it returns (sqlite.org/wal.html).
 *
 * @param options.cacheKey what the cache of relationships is sealed with; absent: none is read or written
 * @throws StoreError `in_use`, `newer_format`, `not_a_store`, `read_only` or `io`; the file is then as it was.
 */
export function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Store {
  try {
    if (path !== ':memory:') checkPlace(path);
    const db = new Database(path, { timeout: 0 });
    try {
      return new SqliteStore(path, db, options.cacheKey);
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw toStoreError(path, error);
  }
}

/** What SQLite would report too late or not at all: it takes a file below its smallest page size for an empty one. */
function checkPlace(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  accessSync(dirname(path), constants.W_OK);
  if (!existsSync(path)) return;
  accessSync(path, constants.W_OK);
  const { size } = statSync(path);
  if (size > 0 && size < SMALLEST_PAGE) throw new StoreError('not_a_store', `${path} is not a store`);
}

class SqliteStore implements Store {
  readonly epoch: string = randomUUID();
  private readonly path: string;
  private readonly cacheKey: Uint8Array | undefined;
  private readonly db: Database.Database;
  private readonly statements: Statements;
  private readonly log: ChangeLog;
  private readonly epochNumber: number;
  private end: ChainEnd;

  constructor(path: string, db: Database.Database, cacheKey: Uint8Array | undefined) {
    this.path = path;
    this.cacheKey = cacheKey;
    this.db = db;
    // Before the first read, so that the lock is taken with it and kept.
    db.pragma('locking_mode = EXCLUSIVE');
    refuseForeign(db, path);
    // SQLite gives a log that it makes the mode of the store.
    for (const file of db.memory ? [] : [path, `${path}-wal`]) if (existsSync(file)) chmodSync(file, OWNER_ONLY);
    const journal = db.pragma('journal_mode = WAL', { simple: true });
    if (journal !== 'wal' && !db.memory) {
      throw new StoreError('io', `store ${path}: the file system does not take a write-ahead log (it has ${journal})`);
    }
    db.pragma('synchronous = FULL');
    const begin = db.transaction(() => {
      migrate(db);
      const begun = db
        .prepare<[string]>(
          'INSERT INTO epochs (epoch, first_revision) SELECT ?, coalesce(max(revision), 0) FROM commits',
        )
        .run(this.epoch);
      return Number(begun.lastInsertRowid);
    });
    this.epochNumber = begin.exclusive();
    this.statements = prepareStatements(db);
    this.log = new ChangeLog(db);
    this.end = this.log.end();
  }

  get revision(): number {
    return this.end.revision;
  }

  get latestTime(): number {
    return this.end.latestTime;
  }

  get head(): ChangeHead {
    return this.end;
  }

  commit(commit: Commit): number {
    this.end = this.guard(() => this.db.transaction(() => this.write(commit)).immediate());
    return this.end.revision;
  }

  rows(revision: number = this.end.revision, without?: Change['kind']): Iterable<StoredRow> {
    if (!Number.isSafeInteger(revision) || revision < 0 || revision > this.end.revision) {
      throw new RangeError(`revision ${revision} is not in the store, whose latest is ${this.end.revision}`);
    }
    return this.readRows(revision, without);
  }

  changes(afterRevision: number, limit: number): readonly StoredCommit[] {
    return this.guard(() => this.log.after(afterRevision, limit));
  }

  sha256(revision: number): string | undefined {
    return this.guard(() => this.log.sha256(revision));
  }

  lines(afterRevision: number, mostBytes: number): readonly ChangeLine[] {
    return this.guard(() => this.log.lines(afterRevision, mostBytes));
  }

  revisionAt(time: number): number {
    return this.guard(() => this.log.revisionAt(time));
  }

  search(filter: ChangeFilter, before: number, limit: number): ChangeSearch {
    return this.guard(() => this.log.search(filter, before, limit));
  }

  logged(revision: number, mostBytes: number): LoggedCommit | undefined {
    return this.guard(() => this.log.logged(revision, mostBytes));
  }

  versions<K extends Change['kind']>(kind: K, key: string): readonly StoredVersion<K>[] {
    return this.guard(() =>
      this.statements.versions.all({ kind, key }).map(({ value, revision, at, caller, act }) => ({
        value: JSON.parse(value) as StoredVersion<K>['value'],
        revision,
        at,
        by: caller,
        act,
      })),
    );
  }

  idempotent(caller: string, key: string): IdempotentAnswer | undefined {
    const row = this.guard(() => this.statements.remembered.get(caller, key));
    return row && { requestDigest: row.request_digest, answer: row.answer, revision: row.revision };
  }

  contains(epoch: string, revision: number): boolean {
    return this.guard(() => {
      const number = this.statements.epochNumber.get(epoch);
      if (number === undefined || !Number.isSafeInteger(revision) || revision < 0) return false;
      return revision <= (this.statements.epochEnd.get(number) ?? this.end.revision);
    });
  }

  cachedRelationships(): CachedRelationships | undefined {
    if (this.db.memory || this.cacheKey === undefined) return undefined;
    try {
      const cache = readCache(cachePath(this.path), this.cacheKey);
      return cache !== undefined && this.contains(cache.epoch, cache.revision) ? cache : undefined;
    } catch {
      return undefined;
    }
  }

  cacheRelationships(parts: readonly Uint8Array[]): boolean {
    if (this.db.memory || this.cacheKey === undefined) return false;
    try {
      const { epoch, revision } = this;
      writeCache(cachePath(this.path), this.cacheKey, { epoch, revision }, parts);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.guard(() => this.db.close());
  }

  private write(commit: Commit): ChainEnd {
    const sql = this.statements;
    const epoch = { number: this.epochNumber, name: this.epoch };
    const end = this.log.append(commit, this.end, epoch, this.rowBefore);
    const { revision, latestTime } = end;
    // The last change of a row is the one that counts; the log keeps all of them.
    const last = new Map(commit.changes.map((change) => [`${change.kind} ${change.key}`, change]));
    for (const { kind, key, value } of last.values()) {
      sql.retire.run(revision, kind, key);
      if (value === null) sql.remove.run(kind, key);
      else sql.set.run(kind, key, JSON.stringify(value), revision);
    }
    sql.forgetBefore.run(latestTime - IDEMPOTENCY_AGE_MS);
    if (commit.idempotency !== undefined) {
      const { key, requestDigest, answer } = commit.idempotency;
      if (sql.remembered.get(commit.by, key) !== undefined) {
        throw new StoreError('io', `store ${this.path}: ${commit.by} has already used the idempotency key "${key}"`);
      }
      sql.remember.run(commit.by, key, commit.at, revision, requestDigest, answer);
    }
    return end;
  }

  /** A row as it is before a commit; what the commit sets itself is about the same names. */
  private readonly rowBefore = ((kind: string, key: string) =>
    JSON.parse(this.statements.latestValue.get(kind, key) ?? 'null') ?? undefined) as FindRow;

  private *readRows(revision: number, without: Change['kind'] | undefined): Generator<StoredRow> {
    let after: RowPlace = { kind: '', key: '' };
    for (;;) {
      const page = this.guard(() => this.readPage(revision, after));
      for (const row of page) if (row[0] !== without) yield this.guard(() => toStoredRow(row));
      const last = page.at(-1);
      if (last === undefined || page.length < ROWS_PER_READ) return;
      after = { kind: last[0], key: last[0] === without ? BEHIND_ALL_KEYS : last[1] };
    }
  }

  private readPage(revision: number, after: RowPlace): RawRow[] {
    // Commits may come between two pages: the revision asked for is the latest only as long as none does.
    return revision === this.end.revision
      ? this.statements.latestRowsAfter.all(after.kind, after.key, ROWS_PER_READ)
      : this.statements.pastRowsAfter.all({ ...after, revision, limit: ROWS_PER_READ });
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toStoreError(this.path, error);
    }
  }
}

/** The store wrote the row from a `Change`, so it is one. */
function toStoredRow([kind, key, value, created]: RawRow): StoredRow {
  return { kind, key, value: JSON.parse(value), created_revision: created } as StoredRow;
}
