import type { CheckRequest, Decision } from '../core/decision.ts';
import type { Summary, SummaryOptions } from './index/summarize.ts';

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
  /** Whether an id is that of a record of this log, also of one that was removed since: a place to list from. */
  has(id: string): boolean;
  /**
   * The records that match every given field of `filter`, in an order, between two of them. A call looks at a bounded
   * part of the log, so a page may hold fewer than `limit` records, or none, and still have a `next`. Throws `LogError`
   * as `get` does.
   */
  list(filter: DecisionFilter, page: PageRequest): DecisionPage;
  /**
   * How many such records there are, by outcome, reason and so on, from the indexes. `nextTurn` resolves when there is
   * time for some more milliseconds of work.
   */
  summarize(filter: DecisionFilter, options: SummaryOptions, nextTurn: () => Promise<void>): Promise<Summary>;
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
  /** Bytes of all segments that are kept. */
  readonly bytes: number;
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
  /**
   * Paths of what was left out of the request, or replaced, before it was written, as the rules name them; that of a
   * whole document where it was too large. What may have repeated those values says `redacted`.
   */
  readonly redacted?: readonly string[];
}

export interface StoredDecision extends DecisionEntry {
  readonly id: string;
  readonly format: number;
  /** The version of the decision rules that decided it (`core/decision-rules.ts`). */
  readonly rules: number;
  readonly node: string;
  readonly sequence: number;
  /** Name of the environment, where the node was told one. */
  readonly environment?: string;
  /** The git commit that was deployed, where the node was told it. */
  readonly commit?: string;
  readonly previous: string;
  readonly hash: string;
}

/** Which of the records that match: `limit` of them, older than `before` and newer than `after`. */
export interface PageRequest {
  readonly limit: number;
  /** Default: newest first. */
  readonly order?: 'newest' | 'oldest';
  readonly before?: string;
  readonly after?: string;
}

export interface DecisionPage {
  readonly records: readonly StoredDecision[];
  /**
   * Where to go on: the `before` of the next page, or its `after` where the oldest come first. Absent once everything
   * was looked at.
   */
  readonly next?: string;
}

/** What a record must be. Names are as they stand in the record. */
export interface DecisionFilter {
  readonly caller?: string;
  readonly actor?: string;
  readonly origin?: string;
  /** Anybody on any chain of the record, its actor and origin among them. */
  readonly principal?: string;
  readonly action?: string;
  /** A resource, or a pattern: what stands before its last separator and the star after that. */
  readonly resource?: string;
  /** Of the resource. */
  readonly type?: string;
  /** As decided, whatever was enforced. */
  readonly allowed?: boolean;
  readonly enforced?: boolean;
  /** Any that applies, not only the one that is reported. */
  readonly reason?: string;
  /** On any chain of the record, whether it carried the request or failed. */
  readonly delegation?: string;
  readonly bundle?: string;
  /** As one of the results of a search, or asked for by itself. */
  readonly search?: NonNullable<DecisionEntry['search']> | 'none';
  /** Milliseconds since 1970: decided at or after it, and before it. */
  readonly from?: number;
  readonly to?: number;
}

/** The log could not be opened, read or written. */
export class LogError extends Error {
  override readonly name = 'LogError';
}
