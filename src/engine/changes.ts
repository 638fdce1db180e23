import type { Caller } from '../callers/caller.ts';
import type { Change } from '../core/change.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ChangeFilter, LoggedCommit } from '../store/store.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';
import { type ToldChange, tellChange } from './tell-change.ts';

/** A commit as it is told: who did what, when, with which credential, and what it changed. */
export interface ToldCommit extends Omit<LoggedCommit, 'changes' | 'revision' | 'bytes'> {
  readonly revision: string;
  readonly changes: readonly ToldChange[];
  /** False where it changed more than is told; `counts` has the numbers, the line in the log has all. */
  readonly complete: boolean;
}

export interface ChangePage {
  readonly commits: readonly ToldCommit[];
  /** The `before` of the next page; absent where this was the last one. */
  readonly next?: string;
}

/** Bytes of one commit's changes, and of those of a page, that are looked into: some ten milliseconds. */
const COMMIT_BYTES = 1024 * 1024;
const PAGE_BYTES = 4 * 1024 * 1024;
/** Changes of one commit that are told; a person reads no more. */
const TOLD_CHANGES = 100;

/**
 * The change log, newest first: what was granted, revoked, published, suspended, written. For auditors.
 *
 * @param page.before a revision's token: only what was committed before it. A page may be short, even empty, and still
 *   have a `next`.
 */
export function listChanges(
  ledger: Ledger,
  filter: ChangeFilter,
  page: { readonly before?: string; readonly limit: number },
  caller: Caller,
): Result<ChangePage, Failure> {
  const permitted = requireRole(caller, 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const before = page.before === undefined ? ok(ledger.revision + 1) : ledger.parseToken(page.before);
  if (!before.ok) {
    const message = `before: "${(page.before ?? '').slice(0, 64)}" is no revision of this store: send the next of a page`;
    return err(failure('invalid', message, [{ field: 'before', message }]));
  }
  const { store } = ledger;
  const found = store.search(filter, before.value, page.limit);
  const commits: ToldCommit[] = [];
  let bytes = 0;
  for (const revision of found.revisions) {
    const logged = store.logged(revision, COMMIT_BYTES);
    if (logged === undefined) continue;
    bytes += logged.changes === undefined ? 0 : logged.bytes;
    if (bytes > PAGE_BYTES) return ok({ commits, next: ledger.token(revision + 1) });
    commits.push(toldCommit(logged, ledger));
  }
  return ok({ commits, ...(found.next === undefined ? undefined : { next: ledger.token(found.next) }) });
}

function toldCommit({ changes, bytes: _bytes, ...commit }: LoggedCommit, ledger: Ledger): ToldCommit {
  const all = changes ?? [];
  const isBulk = ({ kind }: Change): boolean => kind === 'relationship';
  // What a person asks for first: relationships come by the thousand, grants do not.
  const inOrder = all.length <= TOLD_CHANGES ? all : [...all.filter((one) => !isBulk(one)), ...all.filter(isBulk)];
  return {
    ...commit,
    revision: ledger.token(commit.revision),
    changes: inOrder.slice(0, TOLD_CHANGES).map((change) => tellChange(change, commit.act, ledger)),
    complete: changes !== undefined && changes.length <= TOLD_CHANGES,
  };
}
