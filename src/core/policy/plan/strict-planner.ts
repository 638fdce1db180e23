import type { RuleIndex } from '../rule-index.ts';
import {
  type DerivedRole,
  includesName,
  type PrincipalPolicy,
  type ResourcePolicy,
  type RolePolicy,
} from '../rules.ts';
import { appliesToResource, bindings, type Selection } from '../walk.ts';
import type { Sense } from './approximate.ts';
import type { Planned } from './cerbos-planner.ts';
import type { PlanConditions } from './conditions.ts';
import { FALSE, join, negate, type PlanNode, TRUE } from './node.ts';
import type { PlanInput } from './plan.ts';

/**
 * The plan in `strict` (design, section 1): what the walk allows and nothing forbids. Everything that forbids counts
 * whatever allows: DENY rules and what role policies leave out, under all roles, in all scopes to the root. So the walk
 * itself has only to ask what allows.
 */
export class StrictPlanner {
  private readonly input: PlanInput;
  private readonly selection: Selection;
  private readonly index: RuleIndex;
  private readonly conditions: PlanConditions;
  private matchedScope: string | undefined;

  constructor(input: PlanInput, selection: Selection, index: RuleIndex, conditions: PlanConditions) {
    this.input = input;
    this.selection = selection;
    this.index = index;
    this.conditions = conditions;
  }

  plan(): Planned {
    const allowed = this.allowed();
    const forbidden = this.forbidden();
    const node = allowed === undefined && forbidden === undefined ? undefined : (allowed ?? FALSE);
    return {
      node: forbidden === undefined ? node : join('and', negate(forbidden), node),
      matchedScope: this.matchedScope ?? '',
    };
  }

  /** Principal policies first: what they allow is allowed, what they narrow is narrowed, else the resource policies. */
  private allowed(): PlanNode | undefined {
    const { selection, index, input } = this;
    const chain = this.chainFrom(selection.principalScope, selection.principalChain);
    let after = this.resources();
    // Cerbos asks whether any principal has a policy of the principal's version, and then for those of the resource's.
    if (!chain.some((scope) => index.hasPrincipals(selection.principalVersion, scope))) return after;
    for (const scope of chain.toReversed()) {
      const policy = index.principal(input.principal.id, selection.resourceVersion, scope);
      if (policy !== undefined) after = this.scope(policy, this.principalAllows(policy), after);
    }
    return after;
  }

  private resources(): PlanNode | undefined {
    const chain = this.chainFrom(this.selection.resourceScope, this.selection.resourceChain);
    let allowed: PlanNode | undefined;
    for (const role of this.input.principal.roles) allowed = join('or', allowed, this.role(role, chain));
    return allowed;
  }

  private role(role: string, chain: readonly string[]): PlanNode | undefined {
    const { resourceVersion, resourceScope } = this.selection;
    const roles = [role, ...this.index.parentRoles(role, resourceVersion, resourceScope)];
    let after: PlanNode | undefined;
    for (const scope of chain.toReversed()) {
      const policy = this.index.resource(this.input.resource.kind, resourceVersion, scope);
      if (policy !== undefined) after = this.scope(policy, this.resourceAllows(policy, roles), after);
    }
    return after;
  }

  /** A scope's allows decide, or each of them has to hold for what the parents allow (scopePermissions). */
  private scope(
    policy: ResourcePolicy | PrincipalPolicy,
    allows: readonly PlanNode[],
    after: PlanNode | undefined,
  ): PlanNode | undefined {
    if (policy.permissions === 'override') {
      if (allows.length > 0) this.matchedScope = policy.scope;
      return allows.reduceRight<PlanNode | undefined>((rest, allow) => join('or', allow, rest), after);
    }
    return after === undefined
      ? undefined
      : allows.reduceRight((rest, allow) => join('and', allow, rest) ?? rest, after);
  }

  private principalAllows(policy: PrincipalPolicy): readonly PlanNode[] {
    return policy.rules.flatMap((rule) => {
      if (rule.effect !== 'allow') return [];
      if (!appliesToResource(rule, this.input.resource.kind, this.input.action)) return [];
      if (policy.permissions === 'require_consent' && rule.condition === undefined) return [];
      return [this.conditions.condition(rule.condition, policy, 'allow')];
    });
  }

  private resourceAllows(policy: ResourcePolicy, roles: readonly string[]): readonly PlanNode[] {
    const narrows = policy.permissions === 'require_consent';
    return this.index.actionRules(policy, this.input.action).rules.flatMap((rule) => {
      if (rule.effect !== 'allow' || (narrows && rule.condition === undefined)) return [];
      return bindings(rule, roles).map((by) => {
        const condition = this.conditions.condition(rule.condition, policy, 'allow');
        if (by === undefined) return condition;
        // A rule that narrows does so for those who surely or possibly hold the role.
        if (narrows) return join('or', negate(this.held(by, 'deny')), condition) ?? condition;
        return rule.condition === undefined ? this.held(by, 'allow') : both(condition, this.held(by, 'allow'));
      });
    });
  }

  private held(role: DerivedRole, sense: Sense): PlanNode {
    return this.conditions.condition(role.condition, { definitions: role.definitions }, sense);
  }

  private forbidden(): PlanNode | undefined {
    const { principalVersion, resourceVersion, principalChain, resourceChain, allRoles } = this.selection;
    let forbidden: PlanNode | undefined;
    const add = (node: PlanNode | undefined): void => {
      forbidden = join('or', forbidden, node);
    };
    for (const scope of principalChain) {
      for (const version of new Set([resourceVersion, principalVersion])) {
        const policy = this.index.principal(this.input.principal.id, version, scope);
        for (const rule of policy?.rules ?? []) {
          if (policy === undefined || rule.effect !== 'deny') continue;
          if (!appliesToResource(rule, this.input.resource.kind, this.input.action)) continue;
          add(this.conditions.condition(rule.condition, policy, 'deny'));
        }
      }
    }
    for (const scope of resourceChain) {
      const policy = this.index.resource(this.input.resource.kind, resourceVersion, scope);
      const denies = policy === undefined ? [] : this.index.actionRules(policy, this.input.action).denies;
      for (const rule of denies) {
        for (const by of bindings(rule, allRoles)) {
          const condition = policy && this.conditions.condition(rule.condition, policy, 'deny');
          add(by === undefined || condition === undefined ? condition : both(condition, this.held(by, 'deny')));
        }
      }
      const policies = this.index.rolePolicies(resourceVersion, scope);
      for (const role of allRoles) {
        const rolePolicy = policies.get(role);
        if (rolePolicy !== undefined) add(this.omission(rolePolicy));
      }
    }
    return forbidden;
  }

  /** What a role policy leaves out: all that no entry names, and what an entry names under a condition that fails. */
  private omission(policy: RolePolicy): PlanNode | undefined {
    const named = policy.rules.filter(
      (rule) => includesName(rule.resources, this.input.resource.kind) && includesName(rule.actions, this.input.action),
    );
    if (named.length === 0) return TRUE;
    return named.reduce<PlanNode | undefined>(
      (omission, rule) =>
        rule.condition === undefined
          ? omission
          : join('or', omission, negate(this.conditions.condition(rule.condition, policy, 'allow'))),
      undefined,
    );
  }

  private chainFrom(scope: string, chain: readonly string[]): readonly string[] {
    return this.selection.lenient || chain[0] === scope ? chain : [];
  }
}

function both(condition: PlanNode, held: PlanNode): PlanNode {
  return { kind: 'and', of: [condition, held] };
}
