import type { ConditionValue } from '../cel/condition.ts';
import type { Evaluation } from './evaluation.ts';
import type { Judgement, PolicyInput, RuleRef } from './judgement.ts';
import { policyName, sanitize } from './names.ts';
import type { Recorder } from './recorder.ts';
import { judgeRolePolicies, type Omission } from './role-policies.ts';
import type { RuleIndex } from './rule-index.ts';
import {
  countNames,
  type DerivedRole,
  includesName,
  includesSome,
  type PrincipalPolicy,
  type PrincipalRule,
  type ResourcePolicy,
  type ResourceRule,
} from './rules.ts';

/** Which versions, scopes and roles a request is about. */
export interface Selection {
  readonly principalVersion: string;
  readonly resourceVersion: string;
  readonly principalScope: string;
  readonly resourceScope: string;
  /** Existing scopes, nearest first. */
  readonly principalChain: readonly string[];
  readonly resourceChain: readonly string[];
  /** Whether a request may name a scope that does not exist, and then begins at the nearest one above it. */
  readonly lenient: boolean;
  /** The principal's roles and, by role policies, those that they stand for. */
  readonly allRoles: readonly string[];
}

type Walked = Pick<Judgement, 'effect' | 'decidedBy' | 'attributedTo'>;

const VISIBLE = 0;
const WHOLE = 1;
/** Cerbos's attribution where no policy applies at all. */
export const NO_MATCH = { policy: 'NO_MATCH', scope: '' } as const;

/**
 * Cerbos's decision (ruletable, `check`): principal policies before resource policies; under each role of the
 * principal the scopes from the nearest to the root, where the first effect counts and a DENY beats an ALLOW of the
 * same scope; the first role that is allowed decides.
 */
export function walk(
  input: PolicyInput,
  selection: Selection,
  index: RuleIndex,
  evaluation: Evaluation,
  recorder: Recorder,
): Walked {
  const walker = new Walker(input, selection, index, evaluation, recorder);
  return walker.walk();
}

class Walker {
  private readonly input: PolicyInput;
  private readonly selection: Selection;
  private readonly index: RuleIndex;
  private readonly evaluation: Evaluation;
  private readonly recorder: Recorder;
  private notHeld: Map<ResourceRule | PrincipalRule, Set<DerivedRole>> | undefined;

  constructor(input: PolicyInput, selection: Selection, index: RuleIndex, evaluation: Evaluation, recorder: Recorder) {
    this.input = input;
    this.selection = selection;
    this.index = index;
    this.evaluation = evaluation;
    this.recorder = recorder;
  }

  walk(): Walked {
    const { selection } = this;
    const principalChain = this.chainFrom(selection.principalScope, selection.principalChain);
    const resourceChain = this.chainFrom(selection.resourceScope, selection.resourceChain);
    const principals = principalChain.some((scope) => this.index.hasPrincipals(selection.principalVersion, scope));
    const resources = resourceChain.some((scope) => this.isAboutResource(scope));
    if (!principals && !resources) return { effect: 'none', attributedTo: NO_MATCH };

    // Cerbos looks for the principal's policy in the version of the resource, whatever its own version is.
    const before = this.walkPrincipal(principalChain, principals);
    if (before.effect !== 'none') return before;
    return this.walkResource(resourceChain, resources ? this.attribution(resourceChain) : NO_MATCH.policy, before);
  }

  /** A scope that does not exist matches nothing, unless the search is lenient (Cerbos, `lenientScopeSearch`). */
  private chainFrom(scope: string, chain: readonly string[]): readonly string[] {
    return this.selection.lenient || chain[0] === scope ? chain : [];
  }

  private isAboutResource(scope: string): boolean {
    const { kind } = this.input.resource;
    const { resourceVersion } = this.selection;
    if (this.index.resource(kind, resourceVersion, scope) !== undefined) return true;
    for (const policy of this.index.rolePolicies(resourceVersion, scope).values()) {
      if (policy.rules.some((rule) => includesName(rule.resources, kind))) return true;
    }
    return false;
  }

  /** Cerbos attributes an effect to the policy of the nearest scope, even where a parent's rule decided. */
  private attribution(chain: readonly string[]): string {
    const { kind } = this.input.resource;
    const { resourceVersion } = this.selection;
    const scope = chain[0] ?? '';
    const nearest = this.index.resource(kind, resourceVersion, scope);
    return nearest === undefined ? policyName('resource', kind, resourceVersion, scope) : nearest.key;
  }

  private walkPrincipal(chain: readonly string[], isNamed: boolean): Walked {
    const { id } = this.input.principal;
    const policy = isNamed ? this.principalName(chain) : NO_MATCH.policy;
    for (const scope of chain) {
      const found = this.index.principal(id, this.selection.resourceVersion, scope);
      const decided = found === undefined ? undefined : this.judgePrincipalPolicy(found);
      if (decided !== undefined) return { ...decided, attributedTo: { policy, scope } };
    }
    return { effect: 'none', attributedTo: { policy, scope: '' } };
  }

  private principalName(chain: readonly string[]): string {
    const { id } = this.input.principal;
    const { principalVersion } = this.selection;
    const scope = chain[0] ?? '';
    return (
      this.index.principal(id, principalVersion, scope)?.key ?? policyName('principal', id, principalVersion, scope)
    );
  }

  private judgePrincipalPolicy(policy: PrincipalPolicy): Pick<Walked, 'effect' | 'decidedBy'> | undefined {
    let allowed: RuleRef | undefined;
    for (const rule of policy.rules) {
      if (!appliesToResource(rule, this.input.resource.kind, this.input.action)) continue;
      const effect = this.judgeRule(rule, policy, undefined);
      if (effect === 'deny') return { effect, decidedBy: rule.ref };
      if (effect === 'allow') allowed ??= rule.ref;
    }
    if (allowed === undefined || policy.permissions === 'require_consent') return undefined;
    return { effect: 'allow', decidedBy: allowed };
  }

  private walkResource(chain: readonly string[], policy: string, before: Walked): Walked {
    let first: Walked | undefined;
    for (const role of this.input.principal.roles) {
      const walked = this.walkRole(role, chain, policy);
      if (walked.effect === 'allow') return walked;
      if (first === undefined || first.effect === 'none') first = walked;
    }
    return first ?? before;
  }

  private walkRole(role: string, chain: readonly string[], policy: string): Walked {
    const { resourceVersion, resourceScope } = this.selection;
    const inherited = this.index.parentRoles(role, resourceVersion, resourceScope);
    const roles = inherited.length === 0 ? [role] : [role, ...inherited];
    for (const scope of chain) {
      const found = this.index.resource(this.input.resource.kind, resourceVersion, scope);
      if (found !== undefined && !this.evaluation.strict) {
        for (const held of this.evaluation.effectiveDerivedRoles(found, VISIBLE)) this.recorder.derivedRole(held);
      }
      const omission = this.judgeRolePolicies(scope, roles, found);
      if (omission !== undefined) {
        const attributedTo = { policy: omission.ref.policy, scope };
        return { effect: 'deny', decidedBy: omission.ref, attributedTo };
      }
      const decided = found === undefined ? undefined : this.judgeResourcePolicy(found, roles);
      if (decided !== undefined) return { ...decided, attributedTo: { policy, scope } };
    }
    return { effect: 'none', attributedTo: { policy, scope: '' } };
  }

  /**
   * What a role policy of the scope leaves out is denied. Cerbos asks the role policies only where the scope has some
   * rule for the resource under these roles; `strict` asks them always.
   */
  private judgeRolePolicies(
    scope: string,
    roles: readonly string[],
    found: ResourcePolicy | undefined,
  ): Omission | undefined {
    const policies = this.index.rolePolicies(this.selection.resourceVersion, scope);
    if (policies.size === 0) return undefined;
    const { kind } = this.input.resource;
    const asked =
      this.evaluation.strict ||
      found?.rules.some((rule) => appliesTo(rule, roles)) === true ||
      roles.some((role) => policies.get(role)?.rules.some((rule) => includesName(rule.resources, kind)) === true);
    if (!asked) return undefined;
    for (const role of roles) {
      const policy = policies.get(role);
      if (policy === undefined) continue;
      const omission = judgeRolePolicies(policy, this.input, this.evaluation, this.recorder, true);
      if (omission !== undefined) return omission;
    }
    return undefined;
  }

  private judgeResourcePolicy(
    policy: ResourcePolicy,
    roles: readonly string[],
  ): Pick<Walked, 'effect' | 'decidedBy'> | undefined {
    let allowed: RuleRef | undefined;
    const { action } = this.input;
    for (const rule of this.index.actionRules(policy, action).rules) {
      for (const by of this.evaluation.strict ? bindings(rule, roles) : repeatedBindings(rule, roles, action)) {
        const effect = this.judgeRule(rule, policy, by);
        if (effect === 'deny') return { effect, decidedBy: rule.ref };
        if (effect === 'allow') allowed ??= rule.ref;
      }
    }
    if (allowed === undefined || policy.permissions === 'require_consent') return undefined;
    return { effect: 'allow', decidedBy: allowed };
  }

  /**
   * What one rule says. Where a scope's allows need the parents' consent, an allow rule whose condition does not hold
   * denies (Cerbos, scopePermissions): it narrows what the parents allow.
   */
  private judgeRule(
    rule: ResourceRule | PrincipalRule,
    policy: ResourcePolicy | PrincipalPolicy,
    by: DerivedRole | undefined,
  ): 'allow' | 'deny' | undefined {
    const { evaluation } = this;
    const denies = rule.effect === 'deny';
    const view = denies ? WHOLE : VISIBLE;
    if (!evaluation.strict) evaluation.prepareAll(policy.used, policy, view);
    const held = by === undefined ? undefined : evaluation.derivedRole(by, view);
    if (held !== undefined && !evaluation.holds(held, rule.effect)) {
      if (held.kind === 'error' || held.kind === 'unknown') this.recorder.rule(rule, rule.effect, false, held);
      if (by !== undefined && !evaluation.strict) this.repeatNotHeld(rule, policy, by);
      return undefined;
    }
    if (by !== undefined && held?.kind === 'true' && evaluation.strict) this.recorder.derivedRole(by.name);
    const value = withDerivedRole(evaluation.condition(rule.condition, policy, view), held);
    const activated = evaluation.holds(value, rule.effect);
    this.recorder.rule(rule, rule.effect, activated, value);
    const narrows = !denies && policy.permissions === 'require_consent' && rule.condition !== undefined;
    // Cerbos turns a narrowing rule into a DENY with the opposite condition, and its outputs follow that.
    const met = narrows && !evaluation.strict ? !activated : activated;
    if (met || value.kind !== 'error') this.recorder.output(rule, policy, met, view);
    if (narrows) return activated ? undefined : 'deny';
    return activated ? rule.effect : undefined;
  }

  /**
   * Cerbos skips a rule by a derived role that is not held, but remembers the rule as one whose condition is not met:
   * from the second time on it gives that output.
   */
  private repeatNotHeld(rule: ResourceRule | PrincipalRule, policy: ResourcePolicy | PrincipalPolicy, by: DerivedRole) {
    this.notHeld ??= new Map();
    const roles = this.notHeld.get(rule) ?? new Set();
    if (roles.has(by)) this.recorder.output(rule, policy, false, rule.effect === 'deny' ? WHOLE : VISIBLE);
    this.notHeld.set(rule, roles.add(by));
  }
}

/**
 * A derived role in error counts as held where the rule denies; the rule's condition is then in error, unless false.
 * Where it is unknown whether the role is held, so is what follows from a condition that is true.
 */
export function withDerivedRole(value: ConditionValue, held: ConditionValue | undefined): ConditionValue {
  const standsIn = held?.kind === 'error' || held?.kind === 'unknown';
  return standsIn && value.kind === 'true' ? held : value;
}

function appliesTo(rule: ResourceRule, roles: readonly string[]): boolean {
  return includesSome(rule.roles, roles) || rule.derivedRoles.some((role) => includesSome(role.parentRoles, roles));
}

/**
 * Cerbos once compared a principal policy's resource globs with the kind's rewritten name (`album_object` for
 * `album:object`). Where that made a rule deny, it still does (Cerbos keeps it for the same reason).
 */
export function appliesToResource(rule: PrincipalRule, kind: string, action: string): boolean {
  if (!includesName(rule.actions, action)) return false;
  if (includesName(rule.resources, kind)) return true;
  return rule.effect === 'deny' && rule.resources.globs.length > 0 && includesName(rule.resources, sanitize(kind));
}

/** By what a rule applies to somebody with these roles: directly (undefined), and by each derived role. */
export function bindings(rule: ResourceRule, roles: readonly string[]): readonly (DerivedRole | undefined)[] {
  const direct = includesSome(rule.roles, roles);
  if (rule.derivedRoles.length === 0) return direct ? DIRECTLY : NOWISE;
  const derived = rule.derivedRoles.filter((role) => includesSome(role.parentRoles, roles));
  return direct ? [undefined, ...derived] : derived;
}

const DIRECTLY: readonly undefined[] = [undefined];
const NOWISE: readonly undefined[] = [];

/** The same once for every action and role that fits: so often Cerbos gives the rule's output. */
export function* repeatedBindings(
  rule: ResourceRule,
  roles: readonly string[],
  action: string,
): Iterable<DerivedRole | undefined> {
  for (let actions = countNames(rule.actions, [action]); actions > 0; actions -= 1) {
    for (let left = countNames(rule.roles, roles); left > 0; left -= 1) yield undefined;
    for (const role of rule.derivedRoles) {
      for (let left = countNames(role.parentRoles, roles); left > 0; left -= 1) yield role;
    }
  }
}
