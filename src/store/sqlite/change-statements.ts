import type { Database } from 'better-sqlite3';

export interface CommitRow {
  readonly revision: number;
  readonly at: number;
  readonly caller: string;
  readonly credential: string | null;
  readonly act: string;
  /** Its name. */
  readonly epoch: string;
  readonly previous: string;
  readonly sha256: string;
  /** How many parts of the changes follow on `changes`. */
  readonly parts: number;
  readonly changes: string;
}

interface NewCommit extends Omit<CommitRow, 'epoch'> {
  /** Its number. */
  readonly epoch: number;
  readonly latest_time: number;
  readonly counts: string;
  readonly bytes: number;
}

interface LoggedRow extends Omit<CommitRow, 'changes'> {
  readonly counts: string;
  readonly bytes: number;
  /** Null where they are longer than asked for. */
  readonly changes: string | null;
}

/** What commits are found by. */
export type Facet = 'about' | 'act' | 'by' | 'kind';

const HEAD = 'revision, at, caller, credential, act, epochs.epoch, previous, sha256, parts';
const COMMITS = 'commits JOIN epochs ON epochs.number = commits.epoch';

/** What the change log asks of SQLite. */
export function prepareChangeStatements(db: Database) {
  return {
    last: db.prepare<[], { readonly revision: number; readonly latest_time: number; readonly sha256: string }>(
      'SELECT revision, latest_time, sha256 FROM commits ORDER BY revision DESC LIMIT 1',
    ),
    commit: db.prepare<[NewCommit]>(
      `INSERT INTO commits (revision, at, latest_time, caller, credential, act, epoch, previous, sha256, counts, bytes, parts, changes)
       VALUES (:revision, :at, :latest_time, :caller, :credential, :act, :epoch, :previous, :sha256, :counts, :bytes, :parts, :changes)`,
    ),
    part: db.prepare<[number, number, string]>('INSERT INTO change_parts (revision, part, text) VALUES (?, ?, ?)'),
    partOf: db
      .prepare<[number, number], string>('SELECT text FROM change_parts WHERE revision = ? AND part = ?')
      .pluck(),
    commitsAfter: db.prepare<[number, number], CommitRow>(
      `SELECT ${HEAD}, changes FROM ${COMMITS} WHERE revision > ? ORDER BY revision LIMIT ?`,
    ),
    logged: db.prepare<[{ readonly revision: number; readonly mostBytes: number }], LoggedRow>(
      `SELECT ${HEAD}, counts, bytes, CASE WHEN bytes <= :mostBytes THEN changes END AS changes
         FROM ${COMMITS} WHERE revision = :revision`,
    ),
    sha256: db.prepare<[number], string>('SELECT sha256 FROM commits WHERE revision = ?').pluck(),
    revisionAt: db
      .prepare<[number], number>(
        'SELECT revision FROM commits WHERE latest_time <= ? ORDER BY latest_time DESC, revision DESC LIMIT 1',
      )
      .pluck(),
    mention: db.prepare<[Facet, string, number]>(
      'INSERT OR IGNORE INTO mentions (facet, name, revision) VALUES (?, ?, ?)',
    ),
    mentions: db
      .prepare<[Facet, string, number, number, number], number>(
        `SELECT revision FROM mentions WHERE facet = ? AND name = ? AND revision >= ? AND revision < ?
          ORDER BY revision DESC LIMIT ?`,
      )
      .pluck(),
    isMentioned: db
      .prepare<[Facet, string, number], number>('SELECT 1 FROM mentions WHERE facet = ? AND name = ? AND revision = ?')
      .pluck(),
  };
}
