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
  /** What was asked for, in one word of the API: `delegate`, `revoke`, `write_relationships`, … */
  readonly act: string;
  readonly changes: readonly Change[];
  readonly idempotency?: { readonly key: string; readonly requestDigest: string; readonly answer: string };
}

export interface StoredCommit extends Commit {
  readonly revision: number;
}

export type StoredRow = Change & { readonly created_revision: number };

/** One value that a row had, and the commit that set it. */
export interface StoredVersion<K extends Change['kind'] = Change['kind']>
  extends Omit<Commit, 'changes' | 'idempotency'> {
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
  readonly code: 'in_use' | 'newer_format' | 'not_a_store' | 'read_only' | 'io';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
