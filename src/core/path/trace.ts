import type { ConditionTrace } from '../cel/condition.ts';
import type { ReasonCode } from '../decision.ts';
import type { EntityId } from '../entity.ts';
import type { PolicyOutput, Prohibition, RuleRef, RuleTrace, ValidationError } from '../policy/judgement.ts';
import type { ProofStep } from '../relationships/membership.ts';

/**
 * Where anything fails whatever the open attributes are, that is why; else everything depends on them, once. The reasons
 * in their order.
 */
export function decisive(reasons: readonly ReasonCode[]): readonly ReasonCode[] {
  const others = reasons.filter((reason) => reason !== 'depends');
  return others.length === 0 && reasons.length > 0 ? ['depends'] : others;
}

/** One chain as it was walked: principal, edge, principal, … Always begins with the origin. */
export interface ChainTrace {
  /** The last delegation of the chain; absent where the origin itself acts. */
  readonly delegation?: string | undefined;
  readonly allowed: boolean;
  /** Every reason that applies, the first failing hop's first; empty when allowed, `depends` alone when that decides. */
  readonly reasons: readonly ReasonCode[];
  readonly steps: readonly Step[];
}

export type Step = PrincipalStep | EdgeStep;

/** A principal on the path, judged: the origin for its entitlement, everyone for what forbids. */
export interface PrincipalStep {
  readonly kind: 'principal';
  readonly principal: EntityId;
  /** The roles it was judged with. */
  readonly roles: readonly string[];
  readonly reasons: readonly ReasonCode[];
  /** The origin's only. */
  readonly entitlement?: Entitlement | undefined;
  /** The origin's only, where some policy is about the request. */
  readonly policy?: PolicyAnswer | undefined;
  readonly prohibitions: readonly Prohibition[];
  /** The tuples that put it into the set which the permission excludes. */
  readonly excluded?: readonly ProofStep[] | undefined;
  readonly rules: readonly RuleTrace[];
  readonly errors: readonly ConditionTrace[];
}

/** What the policies say of the origin besides yes or no (Cerbos: `meta`, `outputs`, `validationErrors`). */
export interface PolicyAnswer {
  /** What Cerbos attributes the effect to. */
  readonly policy: string;
  readonly scope: string;
  readonly derivedRoles?: readonly string[];
  readonly outputs?: readonly PolicyOutput[];
  readonly validationErrors?: readonly ValidationError[];
}

/** What the origin's own permission rests on, or what it was found wanting by. */
export type Entitlement =
  | { readonly by: 'policy'; readonly effect: 'allow' | 'deny'; readonly rule: RuleRef | undefined }
  | { readonly by: 'relationship'; readonly relation: string; readonly proof: readonly ProofStep[] }
  | {
      readonly by: 'nothing';
      readonly looked_at: 'policy' | 'relationship' | 'neither';
      readonly relation?: string | undefined;
      readonly unknown?: string | undefined;
    };

/** A delegation on the path, judged for whether it carries the request. */
export interface EdgeStep {
  readonly kind: 'edge';
  readonly delegation: string;
  readonly name?: string | undefined;
  readonly from: string;
  readonly to: EntityId;
  readonly reasons: readonly ReasonCode[];
  /** Index of the capability that carried, or could where its condition is unknown; absent where none did. */
  readonly capability?: number | undefined;
  /** Of the delegation, then of the covering capabilities that were tried. */
  readonly conditions: readonly ConditionTrace[];
  /** How the origin is in the set that a template is for. */
  readonly held?: readonly ProofStep[] | undefined;
  /** The activation that opened it. */
  readonly activation?: string | undefined;
  readonly not_before: number;
  readonly expires_at?: number | undefined;
}
