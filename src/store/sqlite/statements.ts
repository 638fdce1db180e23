import type { Database } from 'better-sqlite3';

/** `created_revision` last: the order of the columns in `RawRow`. */
const COLUMNS = 'kind, key, value, created_revision';

export type RawRow = [kind: string, key: string, value: string, createdRevision: number];

/** A place in the order of rows; a blob as key is behind all keys of its kind. */
export interface RowPlace {
  readonly kind: string;
  readonly key: string | Buffer;
}

interface VersionRow {
  readonly revision: number;
  readonly at: number;
  readonly caller: string;
  readonly act: string;
  readonly value: string;
}

interface IdempotencyRow {
  readonly revision: number;
  readonly request_digest: string;
  readonly answer: string;
}

export type Statements = ReturnType<typeof prepareStatements>;

/** What the store asks of SQLite for its rows, prepared once; change-statements.ts has the rest. */
export function prepareStatements(db: Database) {
  return {
    retire: db.prepare<[number, string, string]>(
      `INSERT INTO past (deleted_revision, ${COLUMNS}) SELECT ?, ${COLUMNS} FROM live WHERE kind = ? AND key = ?`,
    ),
    set: db.prepare<[string, string, string, number]>(`INSERT OR REPLACE INTO live (${COLUMNS}) VALUES (?, ?, ?, ?)`),
    remove: db.prepare<[string, string]>('DELETE FROM live WHERE kind = ? AND key = ?'),
    latestValue: db.prepare<[string, string], string>('SELECT value FROM live WHERE kind = ? AND key = ?').pluck(),

    latestRowsAfter: db
      .prepare<[string, string | Buffer, number], RawRow>(
        `SELECT ${COLUMNS} FROM live WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT ?`,
      )
      .raw(),
    pastRowsAfter: db
      .prepare<[RowPlace & { readonly revision: number; readonly limit: number }], RawRow>(
        `SELECT ${COLUMNS} FROM live
           WHERE (kind, key) > (:kind, :key) AND created_revision <= :revision
         UNION ALL
         SELECT ${COLUMNS} FROM past
           WHERE (kind, key) > (:kind, :key) AND created_revision <= :revision AND deleted_revision > :revision
         ORDER BY kind, key LIMIT :limit`,
      )
      .raw(),

    versions: db.prepare<[{ kind: string; key: string }], VersionRow>(
      `SELECT version.value, revision, at, caller, act
         FROM (SELECT kind, key, created_revision, value FROM live UNION ALL
               SELECT kind, key, created_revision, value FROM past) AS version
         JOIN commits ON revision = version.created_revision
         WHERE version.kind = :kind AND version.key = :key
         ORDER BY revision DESC`,
    ),

    remember: db.prepare<[string, string, number, number, string, string]>(
      'INSERT INTO idempotency (caller, key, at, revision, request_digest, answer) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    forgetBefore: db.prepare<[number]>('DELETE FROM idempotency WHERE at < ?'),
    remembered: db.prepare<[string, string], IdempotencyRow>(
      'SELECT revision, request_digest, answer FROM idempotency WHERE caller = ? AND key = ?',
    ),

    epochNumber: db.prepare<[string], number>('SELECT number FROM epochs WHERE epoch = ?').pluck(),
    /** Where the epoch after `number` began, which is where `number` ended; undefined for the current one. */
    epochEnd: db
      .prepare<[number], number>('SELECT first_revision FROM epochs WHERE number > ? ORDER BY number LIMIT 1')
      .pluck(),
  };
}
