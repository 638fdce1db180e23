import Database from 'better-sqlite3';
import { StoreError } from '../store.ts';

/** Result codes are SQLite's (sqlite.org/rescode.html); extended codes begin with the primary one. */
const CODES: readonly (readonly [prefix: string, code: StoreError['code'], text: string])[] = [
  ['SQLITE_BUSY', 'in_use', 'another process has it open; a store belongs to one process at a time'],
  ['SQLITE_LOCKED', 'in_use', 'another process has it open; a store belongs to one process at a time'],
  ['SQLITE_NOTADB', 'not_a_store', 'the file is not a store'],
  ['SQLITE_READONLY', 'read_only', 'the file or its directory may not be written'],
  ['SQLITE_PERM', 'read_only', 'the file or its directory may not be written'],
  ['SQLITE_FULL', 'io', 'the disk is full'],
  ['SQLITE_CORRUPT', 'io', 'the file is damaged; restore a backup'],
  ['SQLITE_CANTOPEN', 'io', 'the file cannot be opened'],
];

/** Whatever was thrown while the store at `path` was being used, as the one error that the port knows. */
export function toStoreError(path: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof Database.SqliteError) {
    const known = CODES.find(([prefix]) => thrown.code.startsWith(prefix));
    if (known !== undefined) {
      const [, code, text] = known;
      return new StoreError(code, `store ${path}: ${text} (${thrown.code}: ${detail})`, { cause: thrown });
    }
  }
  const code = isRefusedBySystem(thrown) ? 'read_only' : 'io';
  return new StoreError(code, `store ${path}: ${detail}`, { cause: thrown });
}

function isRefusedBySystem(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && ['EACCES', 'EROFS', 'EPERM'].includes(String(thrown.code));
}
