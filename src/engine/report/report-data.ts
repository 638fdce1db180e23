import type { OtherRules } from '../replay/replay-records.ts';

/**
 * What an audit report says, as data (format 1): the same that its HTML shows. Times are RFC 3339 in UTC; lists that may
 * be long are cut, with the whole number beside them.
 */
export interface AuditReport {
  readonly format: 1;
  readonly node: string;
  /** From (inclusive) to (exclusive); what is "at the end" is so just before `to`. */
  readonly period: { readonly from: string; readonly to: string };
  /** The last revision made before the end, and where the log ended when it was read. */
  readonly state: {
    readonly revision: number;
    readonly sha256: string;
    readonly records: { readonly first: number; readonly last: number; readonly sha256: string };
  };
  readonly decisions: DecisionFigures;
  readonly delegations: DelegationFigures;
  readonly revocations: RevocationFigures;
  /** Suspended at the end. */
  readonly suspended: readonly Suspended[];
  readonly bundles: readonly BundleInForce[];
  readonly callers: readonly CallerShown[];
  readonly chain: ChainResult;
  readonly replay: ReplayResult;
}

export interface Count {
  readonly name: string;
  readonly allowed: number;
  readonly denied: number;
}

export interface Counts {
  /** The most frequent ones first. */
  readonly top: readonly Count[];
  /** How many names there are. */
  readonly names: number;
}

export interface DecisionFigures {
  readonly total: number;
  readonly allowed: number;
  readonly denied: number;
  /** Denied, and answered allow to a caller that only observes. */
  readonly observed: number;
  /** Results of searches among them. */
  readonly searches: number;
  /** Allows that were taken back before they left, because of a change meanwhile. */
  readonly superseded: number;
  /** The first reason of each denial. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly over_time: {
    readonly unit: 'hour' | 'day' | 'week';
    readonly points: readonly { readonly start: string; readonly allowed: number; readonly denied: number }[];
  };
  readonly actors: Counts;
  readonly origins: Counts;
  readonly resource_types: Counts;
  readonly actions: Counts;
  readonly callers: Counts;
  /** Denials that observing callers were answered allow to, by caller. */
  readonly observers: readonly { readonly caller: string; readonly count: number }[];
  /** Delegations between origin and actor, of decisions that have a path. */
  readonly hops: readonly { readonly hops: number; readonly allowed: number; readonly denied: number }[];
}

export interface DelegationShown {
  readonly id: string;
  readonly name?: string;
  readonly from: string;
  readonly to: string;
  readonly origin?: string;
  readonly capabilities: readonly string[];
  readonly activation: 'standing' | 'session';
  /** Hops from the root to it. */
  readonly depth: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly basis: 'person' | 'organisation';
  /** The earliest end of its chain; absent: it has none. */
  readonly expires_at?: string;
  /** The last decision that it carried, as far as looked back. */
  readonly last_used?: string;
  readonly allowed: number;
}

export interface DelegationFigures {
  /** Live at the end of the period. */
  readonly live: number;
  readonly standing: number;
  readonly session: number;
  readonly templates: number;
  readonly without_end: number;
  readonly sessions_open: number;
  readonly depths: readonly { readonly depth: number; readonly delegations: number }[];
  /** Made in the period, and no longer live at its end among them. */
  readonly made: number;
  readonly ended: number;
  readonly longest: readonly DelegationShown[];
  readonly unused: {
    readonly days: number;
    readonly since: string;
    readonly count: number;
    readonly shown: readonly DelegationShown[];
  };
  readonly expiring: { readonly days: number; readonly count: number; readonly shown: readonly DelegationShown[] };
  readonly all: readonly DelegationShown[];
}

export interface RecordPlace {
  readonly record: string;
  readonly at: string;
  readonly revision: number;
}

export interface RevocationShown {
  readonly kind: 'revoked' | 'withdrawn' | 'suspended' | 'deleted';
  /** A delegation, or an entity. */
  readonly subject: string;
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  readonly origin?: string;
  readonly at: string;
  readonly by: string;
  readonly credential?: string;
  readonly reason?: string;
  readonly revision: number;
  /** The last decision before that it carried. */
  readonly last_allow?: RecordPlace;
  /** The first after, that was denied because of it. */
  readonly first_denial?: RecordPlace;
  /** Decisions at its revision or a later one that allow through it all the same: there must be none. */
  readonly allows_after: number;
}

export interface RevocationFigures {
  /** In the period. */
  readonly count: number;
  readonly shown: readonly RevocationShown[];
  /** Revocations, withdrawals and suspensions of any time that decisions of the period were held against. */
  readonly held_against: number;
  /** Records of the period that allow through what was revoked, suspended or over: there must be none. */
  readonly violations: readonly {
    readonly record: string;
    readonly at: string;
    readonly subject: string;
    readonly why: string;
  }[];
  readonly violation_count: number;
}

export interface Suspended {
  readonly entity: string;
  readonly since?: string;
  readonly by?: string;
}

export interface BundleInForce {
  readonly digest: string;
  readonly revision: number;
  readonly from: string;
  /** Absent: still in force at the end. */
  readonly until?: string;
  readonly by: string;
  readonly credential?: string;
  readonly act: string;
  readonly files: number;
  /** Decisions of the period that were taken by it. */
  readonly decisions: number;
}

export interface CallerShown {
  readonly id: string;
  readonly roles: readonly string[];
  readonly mode: string;
  readonly principal?: string;
  readonly actors: readonly string[];
  readonly origins: readonly string[];
  readonly vouches: readonly string[];
  readonly asserts: readonly string[];
  readonly direct: boolean;
  readonly decisions: number;
}

/** Whether the log is what was written. A server does not vouch for itself: it gives its checkpoint only. */
export interface ChainResult {
  readonly verified: 'unchanged' | 'changed' | 'not_verified';
  readonly records?: number;
  readonly first?: number;
  readonly checkpoints?: number;
  readonly changes?: number;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  readonly checkpoint?: {
    readonly size: number;
    readonly time: string;
    readonly root: string;
    /** The signed note, where it is at hand. */
    readonly note?: string;
  };
}

export interface ReplayResult {
  readonly replayed: number;
  readonly of: number;
  readonly seed: string;
  readonly same: number;
  readonly faults: number;
  readonly not_replayable: { readonly stale: number; readonly redacted: number };
  readonly other_rules: OtherRules;
  readonly faulty: readonly { readonly record: string; readonly at: string; readonly why: string }[];
}
