import type { Caller } from '../callers/caller.ts';
import type { CallerRow } from '../core/change.ts';
import type { EntityId } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';

/**
 * Adds a caller as the room `callers` made it, with the hash of its key. An id that is taken is a conflict: a key is
 * shown once, so neither a repetition nor another administrator may replace one unseen.
 */
export function addCaller(
  ledger: Ledger,
  row: CallerRow,
  caller: Caller,
): Result<{ readonly revision: string }, Failure> {
  const permitted = requireRole(caller, 'administer');
  if (!permitted.ok) return permitted;
  return ledger.write(caller, ({ revision, snapshot }) => {
    const principal = principalOf(row);
    if (principal !== undefined && snapshot.entity(principal)?.deleted === true) {
      return err(failure('unprocessable', `principal: ${principal} was deleted: its id is barred for ever`));
    }
    if (ledger.caller(row.id) !== undefined) {
      return err(failure('conflict', `there is a caller ${row.id} already: remove it first, or take another id`));
    }
    return ok({
      act: 'add_caller',
      changes: [{ kind: 'caller', key: row.id, value: row }],
      answer: { revision: ledger.token(revision) },
    });
  });
}

/** The principal that a stored caller is, if it is one. */
export function principalOf({ principal }: CallerRow): EntityId | undefined {
  return typeof principal === 'string' ? principal : undefined;
}

/** Every stored caller, by id. */
export function listCallers(ledger: Ledger, caller: Caller): Result<readonly CallerRow[], Failure> {
  const permitted = requireRole(caller, 'administer');
  if (!permitted.ok) return permitted;
  return ok([...ledger.callers()].sort((a, b) => (a.id < b.id ? -1 : 1)));
}

/** Removes a caller; its key is dead on the next call. */
export function removeCaller(
  ledger: Ledger,
  id: string,
  caller: Caller,
): Result<{ readonly revision: string }, Failure> {
  const permitted = requireRole(caller, 'administer');
  if (!permitted.ok) return permitted;
  return ledger.write(caller, ({ revision }) => {
    if (ledger.caller(id) === undefined) return err(failure('not_found', `there is no caller ${id}`));
    return ok({
      act: 'remove_caller',
      changes: [{ kind: 'caller', key: id, value: null }],
      answer: { revision: ledger.token(revision) },
    });
  });
}
