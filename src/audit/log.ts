import type { CheckRequest, Decision } from '../core/decision.ts';

/**
 * The decision log: append-only, hash-chained, durable before an answer leaves (design, sections 6 and 8).
 */
export interface DecisionLog {
  /**
   * Appends a record and resolves once it is on disk (group commit: records that arrive while a write is under
   * way share the next one). Rejects with `LogError` if it may not be; the answer must then be a fault.
   */
  append(entry: DecisionEntry): Promise<Appended>;
  /** The record with an id; throws `LogError` where it cannot be read or was changed. */
  get(id: string): StoredDecision | undefined;
  /**
   * The records that match every given field of `filter`, newest first, older than the one with the id `before`.
   * A call looks at a bounded part of the log, so a page may hold fewer than `limit` records, or none, and still
   * have a `next`.
   */
  list(filter: DecisionFilter, page: { readonly before?: string; readonly limit: number }): DecisionPage;
  /** Whether records can be written, and how many wait. */
  readonly state: LogState;
  close(): Promise<void>;
}

/** The place that a record was given, once it is on disk. */
export interface Appended {
  readonly id: string;
  readonly sequence: number;
}

/** What readiness and metrics tell of the log. */
export interface LogState {
  /**
   * `reserve_in_use`: the disk is full, and decisions are still recorded in the space that was kept back for that:
   * the node answers, and should get no more work. `failing`: the last write failed or takes too long; every check is
   * answered 503 until one succeeds.
   */
  readonly status: 'ok' | 'reserve_in_use' | 'failing';
  /** Why it is not `ok`, for operators. */
  readonly detail?: string;
  /** Records that were taken and are not on disk yet, and their bytes. */
  readonly waiting: { readonly records: number; readonly bytes: number };
  /** The last record on disk. */
  readonly last: LogHead;
}

/** A record's place in the chain: what the next one has as its `previous`. */
export interface Link {
  /** 0: before the first record. */
  readonly sequence: number;
  /** SHA-256 of the record, hexadecimal. */
  readonly hash: string;
}

/** The last record of a log, and all of them together. */
export interface LogHead extends Link {
  /** The root of the Merkle tree over all records up to it (RFC 9162, section 2.1), hexadecimal. */
  readonly root: string;
}

/** What one decision was and what it read; the log adds id, node and hashes, environment and commit. */
export interface DecisionEntry {
  /** Milliseconds since 1970: the time that the decision used. */
  readonly at: number;
  /** Caller id. */
  readonly caller: string;
  /** With which of its credentials the caller came: `key:` and the first 16 digits of the key's hash, `dev`, … */
  readonly credential?: string;
  readonly request: CheckRequest;
  readonly decision: Decision;
  /** Of the store's history that `decision.revision` counts in. */
  readonly epoch?: string;
  /** What was answered; differs from the decision only for callers in observe mode. */
  readonly enforced: boolean;
  readonly requestId?: string;
  /** The `traceparent` that came with the request (W3C Trace Context). */
  readonly trace?: string;
  readonly latencyUs: number;
  /** It was answered as one of the results of a search for subjects, resources or actions. */
  readonly search?: 'subject' | 'resource' | 'action';
  /** The record whose allow this one takes back, because a change was acknowledged before its release. */
  readonly supersedes?: string;
}

export interface StoredDecision extends DecisionEntry {
  readonly id: string;
  readonly format: number;
  readonly node: string;
  readonly sequence: number;
  /** Name of the environment, where the node was told one. */
  readonly environment?: string;
  /** The git commit that was deployed, where the node was told it. */
  readonly commit?: string;
  readonly previous: string;
  readonly hash: string;
}

export interface DecisionPage {
  readonly records: readonly StoredDecision[];
  /** Where to go on: the `before` of the next page. Absent once the oldest record has been looked at. */
  readonly next?: string;
}

export interface DecisionFilter {
  readonly actor?: string;
  readonly origin?: string;
  readonly resource?: string;
  readonly action?: string;
  /** As decided, whatever was enforced. */
  readonly allowed?: boolean;
  /** On any chain of the record, whether it carried the request or failed. */
  readonly delegation?: string;
}

/** The log could not be opened, read or written. */
export class LogError extends Error {
  override readonly name = 'LogError';
}
