/** The shapes of Behalf's API as they travel: snake_case, times in RFC 3339 UTC, entities `type:id`. */

export type Attributes = { readonly [name: string]: unknown };

/** A principal that somebody claims to be on the chain: `type:id`, or a bare name that the caller's settings map. */
export type ClaimedPrincipal = string | { readonly name: string };

/** May `actor` do `action` to `resource`, and on whose behalf? */
export interface Question {
  /** Who is calling, `agent:researcher`; for a person without an agent the person. */
  readonly actor: string;
  /** For whom; absent: on the actor's own authority. */
  readonly on_behalf_of?: string;
  /** The actor is a person for whom this agent acts: a bare name, which the caller's settings map to an agent (COAZ). */
  readonly agent?: string;
  readonly action: string;
  readonly resource: string;
  /** What the directory does not hold of the resource; a tool's arguments go to `args` in it. */
  readonly properties?: Attributes;
  /**
   * Attributes of the resource that the question leaves open. Where their values decide, the answer is no, with the
   * reason `depends`; every other answer holds whatever they are.
   */
  readonly open_attributes?: readonly string[];
  readonly action_properties?: Attributes;
  readonly context?: Attributes;
  /** The chain that is claimed, the origin first: where it is not that of the graph, the answer is no. */
  readonly chain?: readonly ClaimedPrincipal[];
  /** Only the chain that ends with this delegation. */
  readonly delegation?: string;
  /** At least as fresh as this revision of an earlier answer. */
  readonly revision?: string;
}

export interface Evaluation {
  readonly decision: boolean;
  /** The decision record: ask `why`. */
  readonly id: string;
  readonly reason: string;
  readonly revision: string;
  /** The following only for callers that may see paths. */
  readonly reasons?: readonly string[];
  readonly path?: readonly Step[];
  readonly limit?: string;
  readonly bundle?: string;
  /** What was decided, where the caller only observes and was answered otherwise. */
  readonly observed?: boolean;
}

/** An item of a batch that could not be decided. */
export interface EvaluationFault {
  readonly decision: false;
  readonly error: {
    readonly status: number;
    readonly message: string;
    /** `actor_missing`: no agent was named that is known. */
    readonly reason?: string;
  };
}

export type Step =
  | {
      readonly kind: 'principal';
      readonly principal: string;
      readonly reasons: readonly string[];
      readonly [detail: string]: unknown;
    }
  | {
      readonly kind: 'edge';
      readonly delegation: string;
      readonly name?: string;
      readonly from: string;
      readonly to: string;
      readonly reasons: readonly string[];
      readonly [detail: string]: unknown;
    };

export interface Chain {
  readonly delegation?: string;
  readonly allowed: boolean;
  readonly reasons: readonly string[];
  readonly steps: readonly Step[];
}

export interface Explanation {
  readonly decision: boolean;
  readonly reason: string;
  readonly reasons: readonly string[];
  readonly request: { readonly [field: string]: unknown };
  readonly chain?: Chain;
  readonly others: readonly Chain[];
  readonly shortfalls: readonly {
    readonly step: number;
    readonly where: string;
    readonly reason: string;
    readonly needed: string;
  }[];
  readonly limit?: string;
  readonly at: string;
  readonly revision: string;
  readonly bundle: string;
  /** Hops were left out that the caller neither made nor holds. */
  readonly redacted: boolean;
  /** Only for a recorded decision: the record. */
  readonly recorded?: DecisionRecord;
}

export interface DecisionRecord {
  readonly id: string;
  /** The version of the decision rules that decided it. */
  readonly rules: number;
  readonly sequence: number;
  readonly at: string;
  readonly caller: string;
  readonly request: {
    readonly actor: string;
    readonly origin: string;
    readonly action: string;
    readonly resource: string;
    readonly [field: string]: unknown;
  };
  readonly decision: boolean;
  /** What was answered; another than the decision only in observe mode. */
  readonly enforced: boolean;
  readonly reason: string;
  readonly reasons: readonly string[];
  readonly bundle: string;
  readonly revision: string;
  readonly hash: string;
  readonly [field: string]: unknown;
}

export interface Capability {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition?: string;
}

/** With a parent, `from` and the possible origins follow from it. */
export interface DelegationRequest {
  readonly name?: string;
  readonly parent?: string;
  readonly from?: string;
  readonly to: string;
  readonly origin?: string;
  readonly capabilities: readonly Capability[];
  readonly condition?: string;
  readonly proof?: 'asserted' | 'vouched' | 'verified';
  readonly activation?: 'standing' | 'session';
  readonly not_before?: string;
  readonly expires_at?: string;
  /** Seconds. */
  readonly max_session?: number;
  readonly max_depth?: number;
  readonly onward_to?: readonly string[];
}

export interface Delegation {
  readonly id: string;
  readonly name?: string;
  readonly parent?: string;
  readonly from: string;
  readonly to: string;
  readonly origin?: string;
  readonly capabilities: readonly Capability[];
  readonly condition?: string;
  readonly proof: 'asserted' | 'vouched' | 'verified';
  readonly activation: 'standing' | 'session';
  readonly not_before: string;
  readonly expires_at?: string;
  readonly max_session?: number;
  readonly max_depth: number;
  readonly onward_to?: readonly string[];
  readonly version: 1;
  readonly created_at: string;
  readonly created_by: string;
  readonly basis: 'person' | 'organisation';
  readonly revision: string;
}

export interface DelegationView extends Delegation {
  readonly state: 'live' | 'not_yet_valid' | 'expired' | 'revoked';
  /** What killed it: its own revocation or one above it. */
  readonly revoked?: {
    readonly delegation: string;
    readonly at: string;
    readonly by: string;
    readonly reason: string;
    readonly revision: string;
  };
  readonly withdrawn: readonly {
    readonly origin: string;
    readonly at: string;
    readonly by: string;
    readonly reason: string;
  }[];
  readonly activations: readonly Activation[];
  /** From the root to this one. */
  readonly chain: readonly Delegation[];
  readonly children: readonly string[];
}

export interface Activation {
  readonly id: string;
  readonly origin: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly by: string;
}

export interface DelegationFilter {
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  readonly origin?: string;
  readonly state?: DelegationView['state'];
}

export interface RevokeRequest {
  readonly reason: string;
  /** Withdrawn for this origin only. */
  readonly on_behalf_of?: string;
  readonly dry_run?: boolean;
}

export interface Revoked {
  readonly delegation: string;
  readonly on_behalf_of?: string;
  readonly dry_run: boolean;
  readonly already: boolean;
  readonly at?: string;
  readonly dies: readonly {
    readonly delegation: string;
    readonly name?: string;
    readonly from: string;
    readonly to: string;
    readonly depth: number;
  }[];
  readonly keeps: readonly {
    readonly to: string;
    readonly through: string;
    readonly capabilities: readonly Capability[];
  }[];
  readonly revision: string;
}

export interface EntityContent {
  readonly roles?: readonly string[];
  readonly attributes?: Attributes;
}

export interface Entity {
  readonly entity: string;
  readonly roles: readonly string[];
  readonly attributes: Attributes;
  readonly suspended: boolean;
  readonly deleted: boolean;
  readonly revision: string;
}

/** A file of a bundle; its path begins with `model/` or `policies/`. */
export interface BundleFile {
  readonly path: string;
  readonly text: string;
}

export interface Publication {
  readonly digest: string;
  readonly revision: string;
  readonly at: string;
  readonly by: string;
  /** `publish`, `rollback`, or the word of whatever else put it in force. */
  readonly act: string;
  readonly files: number;
  readonly in_force: boolean;
}

export interface Published {
  readonly digest: string;
  readonly revision: string;
  /** False if this very bundle was in force already. */
  readonly changed: boolean;
}

/** The digest of a published bundle, `current`, or files that were not published. */
export type BundleChoice = string | { readonly files: readonly BundleFile[] };

export interface BundleDiffRequest {
  readonly old: BundleChoice;
  readonly new: BundleChoice;
  /** AuthZEN evaluations, decided as things are now. */
  readonly requests?: readonly object[];
  /** Instead: so many recorded decisions, newest first, each as things were then. */
  readonly decisions?: number;
}

export interface BundleDiff {
  readonly old: string;
  readonly new: string;
  readonly compared: number;
  /** Recorded decisions that cannot be taken again. */
  readonly skipped: number;
  readonly flips: readonly {
    readonly decision?: string;
    readonly request?: number;
    readonly old: DiffSide;
    readonly new: DiffSide;
  }[];
}

export interface DiffSide {
  readonly explanation: Explanation;
  /** The path drawn for people. */
  readonly text: string;
}

/** What a decision must be; all of it. */
export interface DecisionFilter {
  readonly caller?: string;
  readonly actor?: string;
  readonly origin?: string;
  /** Anybody on any chain of the record, its two ends among them. */
  readonly principal?: string;
  readonly action?: string;
  /** `tool:github/issue`, or a pattern: `tool:github/*`, `tool:*`. */
  readonly resource?: string;
  /** Of the resource. */
  readonly type?: string;
  /** As decided, whatever was enforced. */
  readonly decision?: boolean;
  readonly enforced?: boolean;
  /** Any that applies, not only the one that is reported. */
  readonly reason?: string;
  /** On any chain of the record. */
  readonly delegation?: string;
  readonly bundle?: string;
  /** Asked for by itself, or found by a search for that. */
  readonly search?: 'none' | 'subject' | 'resource' | 'action';
  /** RFC 3339: at or after it … */
  readonly from?: string;
  /** … and before it. */
  readonly to?: string;
}

/** Which of the decisions: `limit` of them, older than `before` and newer than `after`. */
export interface DecisionPageRequest {
  /** What comes first; default newest. */
  readonly order?: 'newest' | 'oldest';
  readonly before?: string;
  readonly after?: string;
  readonly limit?: number;
}

export interface DecisionPage {
  readonly decisions: readonly DecisionRecord[];
  /** The `before` of the next page, or its `after` where the oldest come first. */
  readonly next?: string;
}

export type DecisionGroup =
  | 'reason'
  | 'action'
  | 'actor'
  | 'origin'
  | 'resource'
  | 'type'
  | 'delegation'
  | 'caller'
  | 'bundle';

export interface DecisionSummaryRequest {
  /** What to count by, one or several with commas. */
  readonly by?: DecisionGroup | (string & {});
  /** How many values of each, at most 100. */
  readonly top?: number;
  /** Count by time as well; needs `from`. */
  readonly bucket?: 'minute' | 'hour' | 'day' | (string & {});
  /** The `next` of a summary that did not get to the oldest record. */
  readonly before?: string;
}

export interface DecisionSummary {
  readonly decisions: number;
  readonly allowed: number;
  readonly denied: number;
  /** Denied, and answered with an allow all the same: observe mode. */
  readonly observed: number;
  readonly by: {
    readonly [group in DecisionGroup]?: {
      readonly values: readonly { readonly value: string; readonly allowed: number; readonly denied: number }[];
      readonly distinct: number;
      /** Every count may be too low by so many; 0: all is exact. */
      readonly missed: number;
    };
  };
  readonly buckets?: readonly { readonly from: string; readonly allowed: number; readonly denied: number }[];
  readonly next?: string;
}

export type ChangeKind = 'relationship' | 'delegation' | 'revocation' | 'activation' | 'entity' | 'bundle' | 'caller';

export interface ChangeFilter {
  /** An entity, a delegation (id or name), a session, a caller, the digest of a bundle. */
  readonly about?: string;
  /** The caller that did it. */
  readonly by?: string;
  readonly act?: string;
  /** One or several with commas. */
  readonly kind?: ChangeKind | (string & {});
  /** RFC 3339: at or after it … */
  readonly from?: string;
  /** … and before it. */
  readonly to?: string;
}

/** What a node's log was at a moment, signed by the node. */
export interface SignedCheckpoint {
  readonly node: string;
  /** Records in the log. */
  readonly size: number;
  /** The Merkle tree hash over them (RFC 9162, section 2.1), hexadecimal. */
  readonly root: string;
  readonly time: string;
  /** The sha256 of the last record. */
  readonly last: string;
  readonly changes?: { readonly revision: string; readonly sha256: string };
  /** The same as a signed note (C2SP tlog-checkpoint): the rest is only a reading of it. */
  readonly note: string;
  /** What it is signed with, as PEM. Get it from elsewhere as well. */
  readonly public_key: string;
}

/** A record as it stands in the log, and the hashes that lead from it to the root. */
export interface ProvenLine {
  readonly line: string;
  /** From 0. */
  readonly index: number;
  readonly path: readonly string[];
}

/** What `behalf audit verify-proof` checks. */
export interface DecisionProof {
  readonly id: string;
  readonly record: ProvenLine;
  /** The records that hold the steps of its path that it only refers to. */
  readonly references: readonly ProvenLine[];
  /** A signed note. */
  readonly checkpoint: string;
}

/** RFC 9162, section 2.1.4. */
export interface ConsistencyProof {
  readonly from: { readonly size: number; readonly root: string };
  readonly to: { readonly size: number; readonly root: string };
  readonly path: readonly string[];
}

/** One write: who did what, when, with which credential, and what it changed. */
export interface Commit {
  readonly revision: string;
  readonly at: string;
  readonly by: string;
  /** What the caller proved itself with: `key:` and 16 digits of the key's hash, `dev`, `process`. */
  readonly credential?: string;
  readonly act: string;
  readonly changes: readonly Change[];
  /** False where it changed more than is told; `counts` has the numbers. */
  readonly complete: boolean;
  readonly counts: { readonly [kind in ChangeKind]?: number };
  readonly epoch: string;
  /** The sha256 of the commit before. */
  readonly previous: string;
  readonly sha256: string;
}

export interface Change {
  readonly kind: ChangeKind;
  readonly key: string;
  /** granted, revoked, withdrawn, published, suspended, … */
  readonly did: string;
  readonly delegation?: {
    readonly id: string;
    readonly name?: string;
    readonly parent?: string;
    readonly from: string;
    readonly to: string;
    readonly origin?: string;
  };
  readonly origin?: string;
  readonly reason?: string;
  readonly roles?: readonly string[];
  readonly digest?: string;
  /** One line that says all of it. */
  readonly text: string;
}

/** What does `actor` reach (for `origin`), or who reaches `resource` with `action`? */
export interface ReachQuestion {
  readonly actor?: string;
  readonly origin?: string;
  readonly type?: string;
  readonly resource?: string;
  readonly action?: string;
  readonly proof?: 'asserted' | 'vouched' | 'verified';
  /** Attributes of resources that are left open, such as `args`, separated by commas: what depends on them is told. */
  readonly open_attributes?: string;
  /** As things were at this time, RFC 3339; or … */
  readonly at?: string;
  /** … when this revision was made. */
  readonly revision?: string;
}

export interface ReachPage {
  readonly reached: readonly {
    readonly origin: string;
    readonly actor: string;
    readonly action: string;
    readonly resource: string;
    readonly chains: readonly {
      /** Principals, the origin first. */
      readonly path: readonly string[];
      readonly delegations: readonly { readonly id: string; readonly name?: string }[];
      /** On the values of the open attributes. */
      readonly depends?: true;
    }[];
  }[];
  readonly next?: string;
  /** That all pages are decided at. */
  readonly at: string;
  readonly revision: string;
}

export interface Caller {
  readonly id: string;
  readonly roles: readonly string[];
  readonly principal?: string;
  readonly actors: readonly string[];
  readonly origins: readonly string[];
  readonly vouches: readonly string[];
  readonly direct: boolean;
  readonly asserts: readonly string[];
  readonly agents?: { readonly [name: string]: string };
  readonly mode: 'enforce' | 'observe';
}

export type CallerRequest = Pick<Caller, 'id' | 'roles'> & Partial<Caller>;
