import type { DecisionRecord } from './types.ts';

/** Where two decisions part; what is absent on one side is not there. */
export interface DecisionDifference {
  /** `reason`, `chain.steps[2].capability`, … */
  readonly at: string;
  readonly recorded?: unknown;
  readonly replayed?: unknown;
}

type Decided = Pick<
  DecisionRecord,
  'decision' | 'reason' | 'reasons' | 'chain' | 'others' | 'limit' | 'bundle' | 'revision'
>;

/** A recorded decision, decided again as it was, and as it would be now. */
export interface DecisionReplay {
  readonly record: DecisionRecord;
  readonly same: boolean;
  readonly not_replayable?: { readonly because: 'stale' | 'redacted' | 'no_state'; readonly why: string };
  /** It was decided by other rules than the server has: neither the same nor tampered with. */
  readonly other_rules?: { readonly rules: number };
  readonly replayed?: Decided;
  readonly differences: readonly DecisionDifference[];
  /** At the latest revision and bundle, now. */
  readonly now?: Decided & {
    readonly at: string;
    readonly differences: readonly DecisionDifference[];
    /** What was changed since, of what the paths name, the newest first. */
    readonly since: readonly {
      readonly revision: string;
      readonly at: string;
      readonly by: string;
      readonly credential?: string;
      readonly act: string;
      readonly kind: string;
      readonly key: string;
      readonly did: string;
      readonly text: string;
    }[];
    /** False where more was changed than is told. */
    readonly complete: boolean;
    /** Commits since that changed relationships, at most 50. */
    readonly relationship_commits: number;
  };
}

export interface ReplayRequest {
  /** RFC 3339: decided at or after it … */
  readonly from?: string;
  /** … and before it. */
  readonly to?: string;
  /** How many are drawn; absent: all. */
  readonly sample?: number;
  /** What they are drawn by; absent: the hash of the last record. */
  readonly seed?: string;
}

export interface ReplayPage {
  readonly replayed: number;
  readonly same: number;
  /** Records that come out otherwise, or whose state is not there. */
  readonly faults: number;
  readonly not_replayable: { readonly stale: number; readonly redacted: number };
  /** Records that were decided by other rules than the server has, by how they come out by these. */
  readonly other_rules: {
    readonly same: number;
    /** Allowed then, denied by these rules. */
    readonly denied: number;
    /** Denied then, allowed by these rules. */
    readonly allowed: number;
    /** The same answer for other reasons. */
    readonly reasons: number;
    /** The same answer and reasons by another path. */
    readonly path: number;
  };
  /** The first of them, at most 100 a page. */
  readonly faulty: readonly {
    readonly record: string;
    readonly sequence: number;
    readonly at: string;
    readonly revision: number;
    readonly differences: readonly DecisionDifference[];
    readonly why?: string;
  }[];
  /** Records that the whole replay looks at, and that it has looked at with this page. */
  readonly of: number;
  readonly looked: number;
  readonly seed?: string;
  /** The `after` of the next page; absent where this was the last one. */
  readonly next?: string;
}

export interface ReportRequest {
  /** RFC 3339: from then on … */
  readonly from: string;
  /** … until then. */
  readonly to: string;
  /** Decisions that are decided again; default 1000. */
  readonly sample?: number;
  /** Delegations that carried nothing for so many days are pointed out, … */
  readonly unused_days?: number;
  /** … and those that end within so many days. Both 30 by default. */
  readonly expiring_days?: number;
}
