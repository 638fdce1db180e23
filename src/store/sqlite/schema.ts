import type { Database } from 'better-sqlite3';
import { StoreError } from '../store.ts';
import { chainCommits } from './chain-commits.ts';

/** Stands in the header of every store file (SQLite's `application_id`): the bytes `Bhlf`. */
const APPLICATION_ID = 0x42686c66;

/**
 * `live` is the state, `past` what was replaced or removed, both in the order that `rows` reads them. So the latest
 * state costs one scan of itself, however long the history is. Rows are small and read by range: hence WITHOUT ROWID.
 */
const FORMAT_1 = `
  CREATE TABLE commits (
    revision INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    latest_time INTEGER NOT NULL, -- the largest "at" up to here
    caller TEXT NOT NULL,
    act TEXT NOT NULL,
    changes TEXT NOT NULL
  ) STRICT;

  CREATE TABLE live (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    created_revision INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE past (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    created_revision INTEGER NOT NULL,
    deleted_revision INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key, created_revision)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    request_digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (caller, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_age ON idempotency (at);

  CREATE TABLE epochs (
    number INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL UNIQUE,
    first_revision INTEGER NOT NULL
  ) STRICT;
`;

/** What brings a store from format n to format n + 1, in order; SQLite's `user_version` holds the format. */
const MIGRATIONS: readonly ((db: Database) => void)[] = [(db) => db.exec(FORMAT_1), chainCommits];

/** The format that this version writes. */
const STORE_FORMAT = MIGRATIONS.length;

/**
 * Refuses what is not a store, or one that a newer version wrote, before anything is changed in it.
 *
 * @throws StoreError `not_a_store` or `newer_format`; SQLite's own errors where the file cannot be read.
 */
export function refuseForeign(db: Database, path: string): void {
  const application = db.pragma('application_id', { simple: true });
  const format = Number(db.pragma('user_version', { simple: true }));
  const tables = db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
  const empty = application === 0 && format === 0 && tables === 0;
  if (!empty && application !== APPLICATION_ID) {
    throw new StoreError('not_a_store', `${path} is an SQLite database, but not a store of behalf`);
  }
  if (format > STORE_FORMAT) {
    throw new StoreError(
      'newer_format',
      `${path} has store format ${format}; this version of behalf reads formats up to ${STORE_FORMAT}: use the version that wrote it`,
    );
  }
}

/** Brings the store to `STORE_FORMAT`. Call inside a transaction: all steps or none. */
export function migrate(db: Database): void {
  const format = Number(db.pragma('user_version', { simple: true }));
  for (const step of MIGRATIONS.slice(format)) step(db);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${STORE_FORMAT}`);
}
