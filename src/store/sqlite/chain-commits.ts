import type { Database } from 'better-sqlite3';
import type { Change } from '../../core/change.ts';
import { NO_CHANGE } from '../../core/change-line.ts';
import type { FindRow } from '../../core/mentions.ts';
import { type ChainEnd, ChangeLog } from './change-log.ts';

/** Small columns first: what stands before `changes` is read without it, however long it is. */
const FORMAT_2 = `
  CREATE TABLE commits (
    revision INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    latest_time INTEGER NOT NULL, -- the largest "at" up to here
    caller TEXT NOT NULL,
    credential TEXT, -- absent in what was committed before format 2
    act TEXT NOT NULL,
    epoch INTEGER NOT NULL, -- its number
    previous TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    counts TEXT NOT NULL, -- JSON: how many changes of each kind
    bytes INTEGER NOT NULL, -- of the changes
    parts INTEGER NOT NULL, -- of the changes that stand in change_parts
    changes TEXT NOT NULL -- canonical JSON, or the beginning of it
  ) STRICT;
  CREATE TABLE change_parts (
    revision INTEGER NOT NULL,
    part INTEGER NOT NULL, -- from 1
    text TEXT NOT NULL,
    PRIMARY KEY (revision, part)
  ) STRICT;
  CREATE INDEX commits_by_time ON commits (latest_time);

  CREATE TABLE mentions (
    facet TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (facet, name, revision)
  ) STRICT, WITHOUT ROWID;
`;

interface OldCommit {
  readonly revision: number;
  readonly at: number;
  readonly caller: string;
  readonly act: string;
  readonly changes: string;
}

/**
 * Format 1 to 2: every commit that there is gets its place in the chain, and is indexed. What was changed before, nobody
 * can tell; from here on it shows.
 */
export function chainCommits(db: Database): void {
  db.exec('ALTER TABLE commits RENAME TO unchained');
  db.exec(FORMAT_2);
  const log = new ChangeLog(db);
  const next = db.prepare<[number], OldCommit>(
    'SELECT revision, at, caller, act, changes FROM unchained WHERE revision > ? ORDER BY revision LIMIT 1',
  );
  // Several openings may have begun at one revision; only the last of them can have committed something.
  const epochOf = db.prepare<[number], { readonly number: number; readonly name: string }>(
    'SELECT number, epoch AS name FROM epochs WHERE first_revision < ? ORDER BY number DESC LIMIT 1',
  );
  const rows = new Map<string, Change['value']>();
  const find = ((kind, key) => rows.get(`${kind} ${key}`) ?? undefined) as FindRow;
  let end: ChainEnd = { revision: 0, latestTime: 0, sha256: NO_CHANGE };
  for (let old = next.get(end.revision); old !== undefined; old = next.get(end.revision)) {
    const epoch = epochOf.get(old.revision);
    if (old.revision !== end.revision + 1 || epoch === undefined) {
      throw new Error(`the commit of revision ${end.revision + 1} is missing: restore a backup`);
    }
    const changes = readChanges(old.changes);
    for (const { kind, key, value } of changes) {
      if ((kind === 'delegation' || kind === 'activation') && value !== null) rows.set(`${kind} ${key}`, value);
    }
    end = log.append({ at: old.at, by: old.caller, act: old.act, changes }, end, epoch, find);
  }
  db.exec('DROP TABLE unchained');
}

/** Canonical JSON has no half surrogate pairs, format 1 had: in the log each is the replacement character from now on. */
function readChanges(text: string): readonly Change[] {
  if (!/\\ud[89a-f]/i.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value));
}
