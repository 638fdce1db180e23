import type { EntityId } from '../entity.ts';

/** How well the origin of a request is known, weakest first (design, section 3). */
export const PROOFS = ['asserted', 'vouched', 'verified'] as const;
export type Proof = (typeof PROOFS)[number];

/** `standing` carries whenever asked; `session` only while an activation for the origin is live. */
export type ActivationMode = 'standing' | 'session';

/** What a delegation hands on: every action pattern on every resource pattern, if the condition holds. */
export interface Capability {
  /** Exact names, `prefix:*`, `prefix/*` or `*` (see patterns.ts). */
  readonly actions: readonly string[];
  /** Exact entities, `type:*`, `type:prefix/*` or `type:prefix:*`. */
  readonly resources: readonly string[];
  /** CEL; must be true when the capability is used. */
  readonly condition?: string;
}

/** One edge of the graph: `from` hands `capabilities` to `to` (design, section 2). Immutable once made. */
export interface Delegation {
  readonly id: string;
  readonly name?: string;
  /** The delegation that this one hands on; absent: the delegator's own authority. */
  readonly parent?: string;
  /** A principal; without a parent also a userset (`group:finance#member`) or `type:*`: a template. */
  readonly from: string;
  readonly to: EntityId;
  /** The one origin it is for; absent: any origin of the parent, or of `from`. */
  readonly origin?: EntityId;
  readonly capabilities: readonly Capability[];
  readonly condition?: string;
  /** The least proof of the origin that it takes. */
  readonly proof: Proof;
  readonly activation: ActivationMode;
  /** Milliseconds since 1970; the first moment at which it is valid. */
  readonly not_before: number;
  /** Milliseconds since 1970; the first moment at which it no longer is. Absent: no end of its own. */
  readonly expires_at?: number;
  /** Seconds; the longest activation, where activation is `session`. */
  readonly max_session?: number;
  /** Further hops allowed below it. */
  readonly max_depth: number;
  /** Principal patterns that it may be handed on to; absent: anyone. */
  readonly onward_to?: readonly string[];
  /** Version of this format: 1. */
  readonly version: 1;
  readonly created_at: number;
  /** Caller id. */
  readonly created_by: string;
  /** Whether a person (or agent) handed on its own, or an administrator decided for the organisation. */
  readonly basis: 'person' | 'organisation';
  /** The revision that made it. */
  readonly revision: number;
}

/** Final. With an origin: withdrawn for that one only. */
export interface Revocation {
  readonly delegation: string;
  readonly origin?: EntityId;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  readonly revision: number;
}

/** A session: opens a `session` delegation for one origin until `expires_at` or until it is ended. */
export interface Activation {
  readonly id: string;
  readonly delegation: string;
  readonly origin: EntityId;
  readonly created_at: number;
  readonly expires_at: number;
  readonly by: string;
}

/** Whether `from` names a set of principals (`group:finance#member`, `user:*`): then the delegation is a template. */
export function isSet(from: string): boolean {
  return from.includes('#') || from.endsWith(':*');
}
