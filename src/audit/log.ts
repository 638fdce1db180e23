import type { CheckRequest, Decision } from '../core/decision.ts';

/**
 * The decision log: append-only, hash-chained, durable before an answer leaves (design, sections 6 and 8).
 */
export interface DecisionLog {
  /**
   * Appends a record and resolves once it is on disk (group commit: records that arrive while a write is under
   * way share the next one). Rejects with `LogError` if it may not be; the answer must then be a fault.
   */
  append(entry: DecisionEntry): Promise<StoredDecision>;
  /** The record with an id; throws `LogError` where it cannot be read or was changed. */
  get(id: string): StoredDecision | undefined;
  /**
   * The records that match every given field of `filter`, newest first, older than the one with the id `before`.
   * A call looks at a bounded part of the log, so a page may hold fewer than `limit` records, or none, and still
   * have a `next`.
   */
  list(filter: DecisionFilter, page: { readonly before?: string; readonly limit: number }): DecisionPage;
  /** False after a write failed: readiness says so, and every check is answered 503 until one succeeds. */
  readonly healthy: boolean;
  close(): Promise<void>;
}

/** What one decision was and what it read; the log adds id, node, sequence and hashes. */
export interface DecisionEntry {
  /** Milliseconds since 1970: the time that the decision used. */
  readonly at: number;
  /** Caller id. */
  readonly caller: string;
  readonly request: CheckRequest;
  readonly decision: Decision;
  /** What was answered; differs from the decision only for callers in observe mode. */
  readonly enforced: boolean;
  readonly requestId?: string;
  readonly latencyUs: number;
  /** It was answered as one of the results of a search for subjects, resources or actions. */
  readonly search?: 'subject' | 'resource' | 'action';
  /** The record whose allow this one takes back, because a change was acknowledged before its release. */
  readonly supersedes?: string;
}

export interface StoredDecision extends DecisionEntry {
  readonly id: string;
  readonly format: 1;
  readonly node: string;
  readonly sequence: number;
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
