import type { Caller } from '../callers/caller.ts';
import { ok, type Result } from '../core/result.ts';
import type { EntityRecord } from '../core/snapshot.ts';
import type { Failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';

export interface EntityPage {
  readonly entities: readonly EntityRecord[];
  /** The last name of this page where there are more. */
  readonly next?: string;
}

/** Entities that the directory holds whose name begins with `prefix`, in the order of their names; deleted ones, too. */
export function listEntities(
  ledger: Ledger,
  prefix: string,
  page: { readonly after?: string; readonly limit: number },
  caller: Caller,
): Result<EntityPage, Failure> {
  const permitted = requireRole(caller, 'author', 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const { after = '', limit } = page;
  const found: EntityRecord[] = [];
  for (const record of ledger.snapshot.registered()) {
    if (record.entity.startsWith(prefix) && record.entity > after) found.push(record);
  }
  found.sort((a, b) => (a.entity < b.entity ? -1 : 1));
  const entities = found.slice(0, limit);
  const last = entities.at(-1);
  return ok({ entities, ...(found.length > limit && last !== undefined ? { next: last.entity } : undefined) });
}
