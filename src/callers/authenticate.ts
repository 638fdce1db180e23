import type { CallerRow } from '../core/change.ts';
import type { Caller } from './caller.ts';
import { readCallerRow, type StoredCaller } from './caller-row.ts';
import { callerIdOf, credentialOf, matchesKey } from './key.ts';

/** Rows are immutable and replaced as a whole, so what was read from one lives and dies with it. */
const read = new WeakMap<CallerRow, StoredCaller | null>();

/** Keys that were found to be those of a row, so that whoever asks again is not hashed again. Wrong keys never are. */
const verified = new Map<string, Verified>();
const MOST_VERIFIED = 1024;

/** The row that each caller was read from. */
const callersRows = new WeakMap<Caller, CallerRow>();

/** Holds only while this very row is in force. */
interface Verified {
  readonly id: string;
  readonly row: CallerRow;
  readonly caller: Caller;
}

/** Whether a caller that came with a key is still the one in force; those without keys always are. */
export function isStored(caller: Caller, find: (id: string) => CallerRow | undefined): boolean {
  const row = callersRows.get(caller);
  return row === undefined || find(caller.id) === row;
}

/**
 * The caller that a key belongs to, with the key as its credential, or undefined. Looks at the rows in force on every call: a key that was removed
 * is dead on the next one. Says nothing of why, so that nobody learns which callers exist.
 */
export function authenticate(key: string, find: (id: string) => CallerRow | undefined): Caller | undefined {
  // Found by its hash, seeded anew in every process, before any character is compared: time tells nothing of a key.
  const known = verified.get(key);
  if (known !== undefined) {
    if (find(known.id) === known.row) return known.caller;
    verified.delete(key);
  }
  const id = callerIdOf(key);
  const row = id === undefined ? undefined : find(id);
  if (id === undefined || row === undefined) return undefined;
  let stored = read.get(row);
  if (stored === undefined) {
    const parsed = readCallerRow(row);
    stored = parsed.ok ? parsed.value : null;
    read.set(row, stored);
  }
  if (stored === null || !matchesKey(key, stored.keyHash)) return undefined;
  if (verified.size >= MOST_VERIFIED) verified.clear();
  const caller = { ...stored.caller, credential: credentialOf(stored.keyHash) };
  callersRows.set(caller, row);
  verified.set(key, { id, row, caller });
  return caller;
}
