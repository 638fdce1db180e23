import { setImmediate } from 'node:timers/promises';
import type { Caller } from '../../callers/caller.ts';
import { typeOf } from '../../core/entity.ts';
import type { Relationship } from '../../core/relationships/membership.ts';
import { ok, type Result } from '../../core/result.ts';
import type { StoredCommit } from '../../store/store.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import type { RelationshipFailure } from './relationship-failure.ts';

/** Commits read at a time, with a turn for everybody else after them. */
const COMMITS_PER_TURN = 100;
/** Commits looked through for one page: where few of them match, a page is short, and goes on where it stopped. */
const COMMITS_PER_PAGE = 10_000;

export interface RelationshipChange {
  readonly operation: 'write' | 'delete';
  readonly relationship: Relationship;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A place in the log of changes: behind so many changes of relationships of the commit after `revision`. */
export interface ChangePlace {
  readonly revision: number;
  readonly changes: number;
}

export interface ChangePage {
  readonly changes: readonly RelationshipChange[];
  /** Where to go on: at the end of the log it is the place of what will come. */
  readonly next: ChangePlace;
}

/**
 * Writes and deletes of relationships, oldest first (OpenFGA's ReadChanges).
 *
 * @param filter only changes of objects of this type, and not before this time (ms)
 */
export async function readRelationshipChanges(
  ledger: Ledger,
  filter: { readonly type?: string; readonly since?: number },
  page: { readonly after: ChangePlace; readonly limit: number },
  caller: Caller,
): Promise<Result<ChangePage, RelationshipFailure>> {
  const permitted = requireRole(caller, 'author', 'audit');
  if (!permitted.ok) return permitted;
  const found: RelationshipChange[] = [];
  let { revision, changes: skipped } = page.after;
  for (let looked = 0; looked < COMMITS_PER_PAGE; ) {
    const commits = ledger.store.changes(revision, COMMITS_PER_TURN);
    for (const commit of commits) {
      const all = changesOf(commit);
      for (const [index, change] of all.entries()) {
        if (index < skipped || !matches(change, filter)) continue;
        if (found.length === page.limit) return ok({ changes: found, next: { revision, changes: index } });
        found.push(change);
      }
      revision = commit.revision;
      skipped = 0;
    }
    looked += commits.length;
    if (commits.length < COMMITS_PER_TURN) break;
    await setImmediate();
  }
  return ok({ changes: found, next: { revision, changes: skipped } });
}

function changesOf({ changes, at }: StoredCommit): readonly RelationshipChange[] {
  return changes.flatMap((change): readonly RelationshipChange[] => {
    if (change.kind !== 'relationship') return [];
    if (change.value !== null) return [{ operation: 'write', relationship: change.value, at }];
    return [{ operation: 'delete', relationship: fromKey(change.key), at }];
  });
}

/** What a row key says: neither an object nor a relation has a `#`, and a relation has no `@`. */
function fromKey(key: string): Relationship {
  const hash = key.indexOf('#');
  const at = key.indexOf('@', hash);
  return { object: key.slice(0, hash), relation: key.slice(hash + 1, at), user: key.slice(at + 1) };
}

function matches(
  { relationship, at }: RelationshipChange,
  { type, since }: { readonly type?: string; readonly since?: number },
): boolean {
  if (type !== undefined && typeOf(relationship.object) !== type) return false;
  return since === undefined || at >= since;
}
