import { existsSync } from 'node:fs';
import { LogError } from '../audit/log.ts';
import type { RecordSource } from '../audit/records/record-source.ts';
import { type ChangeHead, type Store, StoreError } from '../store/store.ts';
import { parseTime } from '../wire/behalf/time.ts';
import { CommandError, type Context } from './command.ts';

/** Where an auditor's questions are answered: from copies of the files, or by a server. */
export type AuditPlace =
  | { readonly kind: 'files'; readonly log: string; readonly store: string }
  | { readonly kind: 'server' };

export interface AuditPlaceOptions {
  readonly log?: string;
  readonly store?: string;
  readonly url?: string;
  readonly key?: string;
}

export function auditPlaceOf({ log, store, url, key }: AuditPlaceOptions): AuditPlace {
  if (log === undefined && store === undefined) return { kind: 'server' };
  if (url !== undefined || key !== undefined) {
    throw new CommandError('take the files (--log DIR --store FILE) or a server (--url, --key), not both');
  }
  if (log === undefined || store === undefined) {
    throw new CommandError('the files are two: --log DIR, the decisions, and --store FILE, what they were decided by');
  }
  return { kind: 'files', log, store };
}

export interface AuditFiles {
  readonly records: RecordSource;
  readonly store: Store;
  /** Why the store is not the one that the log's change log was written from. */
  readonly strange: string | undefined;
}

/** Lends the files of a log and of the store that belongs to it. */
export async function withAuditFiles<T>(
  place: Extract<AuditPlace, { kind: 'files' }>,
  { loadRooms }: Context,
  use: (files: AuditFiles) => Promise<T>,
): Promise<T> {
  if (!existsSync(place.store)) throw new CommandError(`there is no store ${place.store}`);
  const { openRecordFiles } = await import('../audit/records/record-files.ts');
  const { lastMirrored } = await import('../audit/changes/last-mirrored.ts');
  const records = openRecordFiles(place.log);
  const { openStore } = await loadRooms();
  const store = openCopy(place.store, openStore);
  try {
    const strange = strangeness(place, store, lastMirrored);
    return await use({ records, store, strange });
  } finally {
    store.close();
  }
}

function strangeness(
  place: Extract<AuditPlace, { kind: 'files' }>,
  store: Store,
  lastMirrored: (directory: string) => ChangeHead | undefined,
): string | undefined {
  let mirrored: ChangeHead | undefined;
  try {
    mirrored = lastMirrored(place.log);
  } catch (fault) {
    if (fault instanceof LogError) return fault.message;
    throw fault;
  }
  if (mirrored === undefined) return undefined;
  const own = store.sha256(mirrored.revision);
  if (own === mirrored.sha256) return undefined;
  const how = own === undefined ? 'is not there' : 'is another one';
  return `${place.store} is not the store that ${place.log} was written beside: the change of revision ${mirrored.revision} ${how}`;
}

function openCopy(path: string, open: (path: string) => Store): Store {
  try {
    return open(path);
  } catch (fault) {
    if (!(fault instanceof StoreError)) throw fault;
    if (fault.code === 'in_use') {
      throw new CommandError(
        `${fault.message}\n` +
          'ask the server that has it (--url), or take a copy: sqlite3 cannot read it while the server runs, so stop the\n' +
          `server, copy ${path} and ${path}-wal if it is there, start it again, and give the copy`,
      );
    }
    if (fault.code === 'read_only') {
      throw new CommandError(`${fault.message}\ngive a copy that can be written to: opening begins an epoch in it`);
    }
    throw fault;
  }
}

/** A time that somebody typed, in milliseconds: RFC 3339, or a day (its beginning, UTC). */
export function timeOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (time === undefined) throw new CommandError(`${name}: "${text}" is no time: 2030-01-31 or 2030-01-31T12:00:00Z`);
  return time;
}
