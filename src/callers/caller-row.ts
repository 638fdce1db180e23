import type { CallerRow } from '../core/change.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Caller } from './caller.ts';
import { parseCaller } from './parse-caller.ts';

/** The format of a stored caller; a newer one is refused, never guessed at. */
const FORMAT = 1;
const KEY_HASH = /^[0-9a-f]{64}$/;

export interface StoredCaller {
  readonly caller: Caller;
  /** SHA-256 of its key. */
  readonly keyHash: Buffer;
}

/** A caller as it is stored, with the hash of its key (hexadecimal) and never the key. */
export function toCallerRow(caller: Caller, keyHash: string): CallerRow {
  const { credential: _ofNow, ...stored } = caller;
  return { ...stored, version: FORMAT, key_hash: keyHash };
}

/** The caller of a stored row, or why it cannot be one of this version; such a caller is nobody. */
export function readCallerRow(row: CallerRow): Result<StoredCaller, string> {
  const { version, key_hash: keyHash, ...fields } = row;
  if (version !== FORMAT) return err(`the caller ${row.id} is stored in format ${String(version)}, not ${FORMAT}`);
  if (typeof keyHash !== 'string' || !KEY_HASH.test(keyHash)) return err(`the caller ${row.id} has no key`);
  const caller = parseCaller(fields);
  if (!caller.ok) {
    const faults = caller.error.map(({ field, message }) => `${field} ${message}`);
    return err(`the caller ${row.id} is not valid: ${faults.join('; ')}`);
  }
  return ok({ caller: caller.value, keyHash: Buffer.from(keyHash, 'hex') });
}
