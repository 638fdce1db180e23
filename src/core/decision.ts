import type { Proof } from './delegation/delegation.ts';
import type { Attributes, EntityId } from './entity.ts';
import type { LimitName } from './limits.ts';
import type { ChainTrace } from './path/trace.ts';

/**
 * Why, in a closed list that is stable across versions (design, section 9). A record carries all that apply,
 * the first failing hop's first.
 */
export const REASONS = [
  'allowed',
  'depends', // on attributes that the question leaves open: some values would allow it, others would not
  'not_entitled', // the origin itself is not allowed
  'no_chain', // nothing was ever delegated from the origin to the actor
  'not_covered', // no capability of a delegation covers action and resource
  'condition_false',
  'condition_error',
  'not_yet_valid',
  'expired',
  'revoked',
  'withdrawn', // revoked by the origin for itself
  'not_in_set', // the origin is not (or not surely) in the set that the template is for
  'origin_unproven', // the delegation asks for stronger proof of the origin
  'session_required', // no live activation
  'depth_exceeded', // more hops than a delegation on the chain allows, or a hand-over it does not allow
  'forbidden', // a deny rule, a role policy's omission or an exclusion
  'suspended',
  'deleted',
  'claim_mismatch', // the claimed chain is not the one in the graph
  'actor_missing',
  'unknown_type',
  'limit_exceeded',
  'stale', // the demanded revision did not arrive in time, or belongs to another history of the store
  'log_unavailable',
  'denied', // what callers that may not see paths are told instead of the above
] as const;
export type ReasonCode = (typeof REASONS)[number];

/** Roles and attributes that a caller asserted about one principal, already filtered by what it may assert. */
export interface Assertion {
  readonly roles?: readonly string[];
  readonly attributes?: Attributes;
}

/** May `actor` do `action` to `resource` on behalf of `origin`? Decoded and authenticated; see design, section 6. */
export interface CheckRequest {
  readonly actor: EntityId;
  /** The actor itself when it acts on its own authority. */
  readonly origin: EntityId;
  /** How well the origin is known. */
  readonly proof: Proof;
  readonly action: string;
  readonly resource: EntityId;
  /** Only this chain: the id of the delegation whose `to` is the actor. */
  readonly delegation?: string;
  /** Principals that the caller says the request came through, origin first; compared, never believed. */
  readonly claimedChain?: readonly EntityId[];
  readonly actionProperties?: Attributes;
  /** Attributes of the resource that came with the request; the directory's win. */
  readonly resourceAttributes?: Attributes;
  /**
   * Attributes of the resource that are not known: whether it has them, and what they are. What the directory holds is
   * known nevertheless.
   */
  readonly openAttributes?: readonly string[];
  readonly context?: Attributes;
  readonly asserted?: { readonly origin?: Assertion; readonly actor?: Assertion };
  /** Cerbos scope and policy version, where the caller may assert them. */
  readonly scope?: string;
  readonly policyVersion?: string;
  /** The same for the principals, where they are not those of the resource (Cerbos has both). */
  readonly principalScope?: string;
  readonly principalPolicyVersion?: string;
  /** Actions that were asked for together with this one: Cerbos validates for all of them or for none. */
  readonly siblingActions?: readonly string[];
  /** Cerbos's aux data. */
  readonly auxData?: Attributes;
}

/** The answer, with the path that led to it. */
export interface Decision {
  readonly allowed: boolean;
  /** The first of `reasons`. */
  readonly reason: ReasonCode;
  readonly reasons: readonly ReasonCode[];
  /** The chain that carried the request, or on a deny the one whose failure is reported. */
  readonly chain?: ChainTrace;
  /** The other chains that were tried and failed. */
  readonly others: readonly ChainTrace[];
  /** The bound that was reached, where one was. */
  readonly limit?: LimitName;
  readonly revision: number;
  readonly bundle: string;
}
