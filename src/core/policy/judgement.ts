import type { ConditionTrace } from '../cel/condition.ts';
import type { Unknowns } from '../cel/unknown.ts';
import type { Attributes, EntityId, Json } from '../entity.ts';
import type { Budget } from '../limits.ts';
import type { Membership } from '../relationships/membership.ts';
import type { Result } from '../result.ts';
import type { PlanInput, PolicyPlan } from './plan/plan.ts';

/** `strict`: design section 1. `cerbos`: exactly as Cerbos decides (an error is false, no type roles). */
export type Semantics = 'strict' | 'cerbos';

/** The principal being judged, with roles and attributes already resolved (directory first, then assertions). */
export interface PolicyPrincipal {
  readonly entity: EntityId;
  /** Without its type: `P.id`, as Cerbos policies expect. `P.type` and `P.entity` hold the rest. */
  readonly id: string;
  readonly type: string;
  readonly roles: readonly string[];
  readonly attr: Attributes;
  readonly scope?: string | undefined;
  readonly policyVersion?: string | undefined;
}

export interface PolicyResource {
  readonly entity: EntityId;
  /** Cerbos's `R.kind`: the entity's type. */
  readonly kind: string;
  readonly id: string;
  /** `R.attr`: for reading by expressions, which come upon what is open. */
  readonly attr: Attributes;
  /** Where the question leaves attributes open: which, and the others. */
  readonly open?: { readonly names: ReadonlySet<string>; readonly known: Attributes } | undefined;
  readonly scope?: string | undefined;
  readonly policyVersion?: string | undefined;
}

/** `D` in CEL: the delegation path, as far as whoever looks may see it. */
export interface PathView {
  readonly origin: EntityId;
  /** The last principal of the visible part. */
  readonly actor: EntityId;
  /** Principals from the origin on, as far as visible. */
  readonly path: readonly EntityId[];
  /** Edges in the visible part. */
  readonly depth: bigint;
}

export interface PolicyInput {
  readonly principal: PolicyPrincipal;
  readonly resource: PolicyResource;
  readonly action: string;
  /** All that were asked for together, this one included. */
  readonly siblingActions?: readonly string[] | undefined;
  readonly actionProperties?: Attributes | undefined;
  /** AuthZEN's context, at `request.context`. */
  readonly context?: Attributes | undefined;
  /** Cerbos's aux data, at `request.auxData`. */
  readonly auxData?: Attributes | undefined;
  /** Milliseconds since 1970: `now()`. */
  readonly now: number;
  /** What allow rules see: the path up to the principal being judged. */
  readonly visible: PathView;
  /** What deny rules see: all of it. */
  readonly whole: PathView;
  readonly related: (subject: EntityId, relation: string, object: EntityId) => Membership;
  readonly budget: Budget;
  /** Where the question leaves attributes open: what tells that an expression came upon one. */
  readonly unknowns?: Unknowns | undefined;
  /** What is supposed where a condition is unknown. */
  readonly assume?: Assumption | undefined;
  /** Record every evaluated rule, not only those that decided. */
  readonly explain: boolean;
}

/**
 * `best`: a condition that is unknown holds where it allows and does not where it forbids; `worst`: the reverse. Nothing
 * that a principal is judged by turns an allow into a denial for a condition more that holds on an allow rule, or into
 * an allow for one more on a deny rule, so what both say alike holds whatever the values are.
 */
export type Assumption = 'best' | 'worst';

/** Where a rule stands. */
export interface RuleRef {
  /** Cerbos's name of the policy, `resource.document.vdefault/acme`. */
  readonly policy: string;
  readonly kind: 'resource' | 'principal' | 'role';
  readonly version: string;
  readonly scope: string;
  readonly rule: string;
}

export interface RuleTrace extends RuleRef {
  readonly effect: 'allow' | 'deny';
  readonly activated: boolean;
  readonly condition?: ConditionTrace;
}

/** Something that forbids whatever else allows: an activated DENY rule, or what a role policy does not list. */
export interface Prohibition extends RuleRef {
  readonly by: 'deny_rule' | 'role_policy_omission';
  readonly condition?: ConditionTrace;
}

export interface PolicyOutput {
  /** The rule, `resource.document.vdefault/acme#rule-001`. */
  readonly src: string;
  /** Null where the expression failed. */
  readonly val: Json;
  readonly error?: string;
}

/** An attribute that does not fit its JSON schema (Cerbos, "Schemas"). */
export interface ValidationError {
  readonly source: 'principal' | 'resource';
  /** A JSON pointer into the attributes; `/` for all of them. */
  readonly path: string;
  readonly message: string;
}

/** What the policies forbid one principal, whatever allows it. */
export interface Prohibitions {
  /** Everything that forbids, under any role, in any scope of the chain, whatever else allows. */
  readonly prohibitions: readonly Prohibition[];
  /** Rules looked at: those activated or in error; with `explain` also those whose condition was false. */
  readonly rules: readonly RuleTrace[];
  /** Conditions, variables and derived roles in error, each already counted against the request; a schema that may be. */
  readonly errors: readonly ConditionTrace[];
  /** Whether some condition was unknown, so that the other assumption may say something else. */
  readonly assumed: boolean;
}

/** What the policies say of one principal, action and resource. */
export interface Judgement extends Prohibitions {
  /** Cerbos's final effect; `none` where no rule matched (Cerbos then denies). */
  readonly effect: 'allow' | 'deny' | 'none';
  /** The rule that decided, where one did. */
  readonly decidedBy?: RuleRef;
  /** What Cerbos attributes the effect to; `NO_MATCH` where no policy applies at all. */
  readonly attributedTo: { readonly policy: string; readonly scope: string };
  /**
   * Derived roles that the principal holds: in `cerbos` all that the policies on the way name, in `strict` those that
   * some rule asked for.
   */
  readonly derivedRoles: readonly string[];
  readonly outputs: readonly PolicyOutput[];
  /** Where the settings enforce schemas and some attribute fails. */
  readonly validationErrors?: readonly ValidationError[];
}

/** The compiled policies of one bundle. */
export interface Policies {
  /** Resource kinds that some policy is about. */
  readonly kinds: ReadonlySet<string>;
  /** Whether any expression looks at `D`. */
  readonly readsPath: boolean;
  judge(input: PolicyInput): Judgement;
  /** Whether any policy could forbid anybody this action on this kind of resource; if not, nobody need be asked for. */
  mayForbid(kind: string, action: string): boolean;
  /** The prohibitions of `judge` alone: for principals whose entitlement is not asked for. */
  prohibit(input: PolicyInput): Prohibitions;
  /** Which resources `judge` would allow, as a filter; the error says what no filter can say. */
  plan(input: PlanInput): Result<PolicyPlan, string>;
  /**
   * Whether an allow rule of any resource policy of `kind`, in any version or scope, names `action`. If so the
   * policies are the authority for it, and membership never decides (design, section 1).
   */
  allowsSomewhere(kind: string, action: string): boolean;
  /** The actions that some policy names without a star for resources of `kind`, in any version or scope. */
  actionsOf(kind: string): ReadonlySet<string>;
}
