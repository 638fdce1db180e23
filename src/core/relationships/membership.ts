import type { LimitName } from '../limits.ts';

/** One stored relationship: `user` has `relation` to `object` (OpenFGA's tuple key and condition). */
export interface Relationship {
  /** `type:id`, `type:id#relation` or `type:*`. */
  readonly user: string;
  readonly relation: string;
  /** `type:id`. */
  readonly object: string;
  readonly condition?: RelationshipCondition;
}

export interface RelationshipCondition {
  readonly name: string;
  readonly context?: { readonly [key: string]: unknown };
}

/**
 * One link of a membership's proof, outermost first: through which rewrite of `object#relation` the subject got
 * in, and by which stored relationship where one was read.
 */
export interface ProofStep {
  readonly object: string;
  readonly relation: string;
  readonly via:
    | 'direct'
    | 'userset'
    | 'wildcard'
    | 'computed'
    | 'tuple_to_userset'
    | 'union'
    | 'intersection'
    | 'exclusion'
    | 'self';
  readonly relationship?: Relationship;
}

/** Whether a subject has a relation: never a bare boolean, and unknown says why. Unknown denies. */
export type Membership =
  | { readonly kind: 'yes'; readonly proof: readonly ProofStep[] }
  | { readonly kind: 'no' }
  | { readonly kind: 'unknown'; readonly because: UnknownCause };

export type UnknownCause =
  | { readonly kind: 'limit'; readonly limit: LimitName }
  | {
      readonly kind: 'error';
      readonly message: string;
      /** The answer hangs on its own negation (`viewer but not restricted`, restricted to viewers): OpenFGA says no. */
      readonly paradox?: true;
    };
