import type { RuleIndex } from '../rule-index.ts';
import { includesName, includesSome, type ResourcePolicy } from '../rules.ts';
import { appliesToResource, repeatedBindings, type Selection } from '../walk.ts';
import type { PlanConditions } from './conditions.ts';
import { constantOf, FALSE, join, negate, type PlanNode, TRUE } from './node.ts';
import type { PlanInput } from './plan.ts';

/** What a plan comes to, before it is a filter. */
export interface Planned {
  /** Undefined where no rule is about the request. */
  readonly node: PlanNode | undefined;
  readonly matchedScope: string;
}

type PolicyType = 'resource' | 'principal';

/** What the rules of one scope say under one role. */
interface Said {
  allow?: PlanNode | undefined;
  deny?: PlanNode | undefined;
  /** What the scope's role policies leave out. */
  omission?: PlanNode | undefined;
}

/**
 * Cerbos's plan (ruletable, `planWithAuditTrail`): resource policies, then principal policies around them; in each the
 * roles by themselves; under each role the scopes from the nearest to the root. An ALLOW of a nearer scope that overrides
 * its parents lifts their DENYs; one that needs their consent is nothing without it.
 */
export class CerbosPlanner {
  private readonly input: PlanInput;
  private readonly selection: Selection;
  private readonly index: RuleIndex;
  private readonly conditions: PlanConditions;
  private matchedScope = '';

  constructor(input: PlanInput, selection: Selection, index: RuleIndex, conditions: PlanConditions) {
    this.input = input;
    this.selection = selection;
    this.index = index;
    this.conditions = conditions;
  }

  plan(): Planned {
    const { selection } = this;
    const resource = this.planType('resource', this.chainFrom(selection.resourceScope, selection.resourceChain));
    const principal = this.planType('principal', this.chainFrom(selection.principalScope, selection.principalChain));
    let node: PlanNode | undefined;
    for (const { allow, deny } of [resource, principal]) {
      node = join('or', allow, node);
      if (deny !== undefined) node = join('and', negate(deny), node);
    }
    const allows = resource.allow !== undefined || principal.allow !== undefined;
    return { node: node === undefined || allows ? node : FALSE, matchedScope: this.matchedScope };
  }

  private chainFrom(scope: string, chain: readonly string[]): readonly string[] {
    return this.selection.lenient || chain[0] === scope ? chain : [];
  }

  private planType(type: PolicyType, chain: readonly string[]): Pick<Said, 'allow' | 'deny'> {
    let allow: PlanNode | undefined;
    let deny: PlanNode | undefined;
    const roles = this.input.principal.roles;
    // Principal policies are about the principal, whatever its roles.
    for (const role of type === 'principal' ? roles.slice(0, 1) : roles) {
      const said = this.planRole(type, role, chain);
      const { omission } = said;
      if (constantOf(said.deny) === true || constantOf(omission) === true) {
        allow = join('or', allow, FALSE);
        continue;
      }
      if (said.deny === undefined && omission === undefined && constantOf(said.allow) === true) {
        return { allow: said.allow };
      }
      const restricted =
        omission !== undefined && said.allow !== undefined ? join('and', said.allow, negate(omission)) : said.allow;
      allow = join('or', allow, restricted);
      deny = join('or', deny, said.deny);
    }
    return { allow, deny };
  }

  private planRole(type: PolicyType, role: string, chain: readonly string[]): Said {
    const { resourceVersion, resourceScope } = this.selection;
    const roles = [role, ...this.index.parentRoles(role, resourceVersion, resourceScope)];
    const total: Said = {};
    let awaitsConsent = false;
    let overriding: PlanNode | undefined;
    for (const scope of chain) {
      if (constantOf(overriding) === true) break;
      const said = type === 'principal' ? this.principalScope(scope) : this.resourceScope(scope, roles);
      const permissions = this.index.permissions(scope);
      const overrides = permissions === 'override';
      const deny = unless(overriding, said.deny);
      const omission = unless(overriding, said.omission);
      total.deny = join('or', total.deny, deny);
      total.omission = join('or', total.omission, omission);
      if (said.allow !== undefined) {
        total.allow = join(awaitsConsent ? 'and' : 'or', total.allow, said.allow);
        awaitsConsent = permissions === 'require_consent';
      }
      if (overrides && (said.allow ?? deny ?? omission) !== undefined) this.matchedScope = scope;
      if (overrides) overriding = join('or', overriding, said.allow);
    }
    if (awaitsConsent) total.allow = undefined;
    return total;
  }

  private principalScope(scope: string): Said {
    const said: Said = {};
    const { id } = this.input.principal;
    const policy = this.index.principal(id, this.selection.resourceVersion, scope);
    for (const rule of policy?.rules ?? []) {
      if (policy === undefined || !appliesToResource(rule, this.input.resource.kind, this.input.action)) continue;
      add(said, rule.effect, this.conditions.condition(rule.condition, policy, rule.effect), {
        narrows: policy.permissions === 'require_consent' && rule.condition !== undefined,
      });
    }
    return said;
  }

  private resourceScope(scope: string, roles: readonly string[]): Said {
    const said: Said = {};
    const policy = this.index.resource(this.input.resource.kind, this.selection.resourceVersion, scope);
    said.omission = this.omissions(scope, roles, policy);
    if (policy === undefined) return said;
    for (const rule of this.index.actionRules(policy, this.input.action).rules) {
      for (const by of repeatedBindings(rule, roles, this.input.action)) {
        const narrows = policy.permissions === 'require_consent' && rule.effect === 'allow';
        const condition = this.conditions.condition(rule.condition, policy, rule.effect);
        const held =
          by === undefined
            ? undefined
            : this.conditions.condition(by.condition, { definitions: by.definitions }, rule.effect);
        add(said, rule.effect, condition, {
          narrows: narrows && rule.condition !== undefined,
          held: held === undefined || by?.condition === undefined ? undefined : held,
          unconditional: rule.condition === undefined,
        });
      }
    }
    return said;
  }

  /** What the role policies of a scope do not allow. They are asked where the scope has some rule for the resource. */
  private omissions(scope: string, roles: readonly string[], found: ResourcePolicy | undefined): PlanNode | undefined {
    const policies = this.index.rolePolicies(this.selection.resourceVersion, scope);
    if (policies.size === 0) return undefined;
    const { kind } = this.input.resource;
    const asked =
      found?.rules.some(
        (rule) =>
          includesSome(rule.roles, roles) || rule.derivedRoles.some((role) => includesSome(role.parentRoles, roles)),
      ) === true ||
      roles.some((role) => policies.get(role)?.rules.some((rule) => includesName(rule.resources, kind)) === true);
    if (!asked) return undefined;
    let omission: PlanNode | undefined;
    for (const role of roles) {
      const policy = policies.get(role);
      if (policy === undefined) continue;
      const named = policy.rules.filter(
        (rule) => includesName(rule.resources, kind) && includesName(rule.actions, this.input.action),
      );
      if (named.length === 0) omission = join('or', omission, TRUE);
      for (const rule of named) {
        if (rule.condition === undefined) continue;
        const denied = opposite(this.conditions.condition(rule.condition, policy, 'allow'));
        if (constantOf(denied) !== false) omission = join('or', omission, denied);
      }
    }
    return omission;
  }
}

interface RuleForm {
  /** An ALLOW that only restricts what the parents allow: Cerbos makes it a DENY of the opposite. */
  readonly narrows: boolean;
  /** The condition of the derived role that the rule applies by. */
  readonly held?: PlanNode | undefined;
  readonly unconditional?: boolean;
}

function add(said: Said, effect: 'allow' | 'deny', condition: PlanNode, form: RuleForm): void {
  const own = form.narrows ? opposite(condition) : condition;
  const { held } = form;
  const node: PlanNode =
    held === undefined ? own : form.unconditional === true ? held : { kind: 'and', of: [own, held] };
  if (effect === 'allow' && !form.narrows) said.allow = join('or', said.allow, node);
  // A DENY that can never be is none.
  else if (constantOf(node) !== false) said.deny = join('or', said.deny, node);
}

/** `none` of one condition. */
function opposite(node: PlanNode): PlanNode {
  const constant = constantOf(node);
  return constant === undefined ? negate(node) : constant ? FALSE : TRUE;
}

/** A parent's DENY counts only where no nearer scope has allowed. */
function unless(overriding: PlanNode | undefined, deny: PlanNode | undefined): PlanNode | undefined {
  if (deny === undefined || overriding === undefined) return deny;
  const not = negate(overriding);
  return constantOf(deny) === true ? not : join('and', not, deny);
}
