import type { CallerRow } from '../core/change.ts';
import type { Caller } from './caller.ts';
import { readCallerRow, type StoredCaller } from './caller-row.ts';
import { callerIdOf, matchesKey } from './key.ts';

/** Rows are immutable and replaced as a whole, so what was read from one lives and dies with it. */
const read = new WeakMap<CallerRow, StoredCaller | null>();

/**
 * The caller that a key belongs to, or undefined. Looks at the rows in force on every call: a key that was removed
 * is dead on the next one. Says nothing of why, so that nobody learns which callers exist.
 */
export function authenticate(key: string, find: (id: string) => CallerRow | undefined): Caller | undefined {
  const id = callerIdOf(key);
  const row = id === undefined ? undefined : find(id);
  if (row === undefined) return undefined;
  let stored = read.get(row);
  if (stored === undefined) {
    const parsed = readCallerRow(row);
    stored = parsed.ok ? parsed.value : null;
    read.set(row, stored);
  }
  return stored !== null && matchesKey(key, stored.keyHash) ? stored.caller : undefined;
}
