import type { Change } from '../core/change.ts';

/**
 * The port to what survives (design, section 7): a log of changes with the state beside it. One process owns a
 * store. Every implementation passes test/contract/store.ts.
 */
export interface Store {
  /** The latest revision; 0 for an empty store. Revisions count up by one per commit. */
  readonly revision: number;
  /** The current epoch: new each time that the store is opened, so that a restored backup starts another one. */
  readonly epoch: string;
  /** The largest time (ms) durably recorded with any commit; a clock that steps back revives nothing. */
  readonly latestTime: number;

  /**
   * Appends one commit, durably, all or nothing, and returns its revision (always `revision` + 1).
   * When it returns, the commit survives a kill or a power cut. Throws `StoreError` on any fault, and then nothing
   * of the commit is stored.
   */
  commit(commit: Commit): number;

  /**
   * Every row in force at `revision` (default: the latest), in the order (kind, key), each kind once; `without` leaves
   * one kind out, at no cost.
   */
  rows(revision?: number, without?: Change['kind']): Iterable<StoredRow>;

  /** Commits after `revision`, oldest first, at most `limit`. */
  changes(afterRevision: number, limit: number): readonly StoredCommit[];

  /** Where the change log ends: the latest revision and its hash; revision 0 and 64 zeros for an empty store. */
  readonly head: ChangeHead;

  /** The hash of a commit; of revision 0 the 64 zeros that the first one follows; undefined for one that is not there. */
  sha256(revision: number): string | undefined;

  /**
   * The lines of the change log (src/core/change-line.ts) after `revision`, oldest first: as many as `mostBytes` hold,
   * but one at least; none at the end.
   */
  lines(afterRevision: number, mostBytes: number): readonly ChangeLine[];

  /** The last revision made up to a time (ms since 1970), by the largest time recorded up to it; 0 if none was. */
  revisionAt(time: number): number;

  /**
   * The commits below the revision `before` that match every given field of `filter`, newest first, at most `limit`.
   * A call looks at a bounded part of the log, so it may find fewer, or none, and still have a `next`.
   */
  search(filter: ChangeFilter, before: number, limit: number): ChangeSearch;

  /** One commit, without its changes where they take more than `mostBytes`; undefined for one that is not there. */
  logged(revision: number, mostBytes: number): LoggedCommit | undefined;

  /** Every version that the row (`kind`, `key`) ever had, the newest first; removals are left out. */
  versions<K extends Change['kind']>(kind: K, key: string): readonly StoredVersion<K>[];

  /** The remembered answer for an idempotency key of a caller, or undefined. */
  idempotent(caller: string, key: string): IdempotentAnswer | undefined;

  /**
   * Whether this store contains the history that (`epoch`, `revision`) came from: true iff that epoch once
   * reached `revision` here. False for a demand from before a restored backup.
   */
  contains(epoch: string, revision: number): boolean;

  /**
   * What `cacheRelationships` kept last, if this store contains the history that it came from: the relationships as
   * of `revision`, from which `changes` leads on. Never the truth, only a short cut to it: undefined where in doubt.
   */
  cachedRelationships(): CachedRelationships | undefined;

  /**
   * Keeps bytes that stand for all relationships as of the latest revision, for the next start. A cache that cannot be
   * kept is no fault: false then, and the one before stays.
   */
  cacheRelationships(parts: readonly Uint8Array[]): boolean;

  close(): void;
}

export interface CachedRelationships {
  readonly revision: number;
  readonly bytes: Uint8Array;
}

export interface Commit {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Caller id. */
  readonly by: string;
  /** What the caller proved itself with: `key:` and 16 digits of the key's hash, `dev`, `process`. */
  readonly credential?: string;
  /** What was asked for, in one word of the API: `delegate`, `revoke`, `write_relationships`, … */
  readonly act: string;
  readonly changes: readonly Change[];
  readonly idempotency?: { readonly key: string; readonly requestDigest: string; readonly answer: string };
}

export interface StoredCommit extends Omit<Commit, 'idempotency'> {
  readonly revision: number;
  /** In which it was made. */
  readonly epoch: string;
  /** The hash of the commit before. */
  readonly previous: string;
  readonly sha256: string;
}

export interface LoggedCommit extends Omit<StoredCommit, 'changes'> {
  /** How many changes it has, by their kind. */
  readonly counts: { readonly [kind in Change['kind']]?: number };
  /** Of all its changes, as they stand in its line. */
  readonly bytes: number;
  readonly changes?: readonly Change[];
}

export interface ChangeHead {
  readonly revision: number;
  readonly sha256: string;
}

export interface ChangeLine extends ChangeHead {
  readonly epoch: string;
  /** Without line feed, in parts of a bounded length, which are read as they are asked for, once. */
  readonly text: Iterable<string>;
}

export interface ChangeFilter {
  /** An entity, a delegation's id or name, a caller, an activation, a bundle's digest (src/core/mentions.ts). */
  readonly about?: string;
  /** Caller id. */
  readonly by?: string;
  readonly act?: string;
  /** Commits with a change of one of these kinds. */
  readonly kinds?: readonly Change['kind'][];
  /** Milliseconds since 1970: at or after it … */
  readonly from?: number;
  /** … and before it. */
  readonly to?: number;
}

export interface ChangeSearch {
  readonly revisions: readonly number[];
  /** Where to go on: the `before` of the next page. Absent once the oldest commit has been looked at. */
  readonly next?: number;
}

export type StoredRow = Change & { readonly created_revision: number };

/** One value that a row had, and the commit that set it. */
export interface StoredVersion<K extends Change['kind'] = Change['kind']>
  extends Omit<Commit, 'changes' | 'credential' | 'idempotency'> {
  readonly value: NonNullable<Extract<Change, { kind: K }>['value']>;
  readonly revision: number;
}

export interface IdempotentAnswer {
  readonly requestDigest: string;
  readonly answer: string;
  readonly revision: number;
}

/** The store could not do it; `code` says what to do about it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: 'in_use' | 'newer_format' | 'not_a_store' | 'read_only' | 'not_json' | 'io';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
