import { scopeChain } from './names.ts';
import {
  includesName,
  type Policy,
  type PrincipalPolicy,
  type ResourcePolicy,
  type ResourceRule,
  type RolePolicy,
} from './rules.ts';
import type { ScopePermissions } from './syntax.ts';

/** What one resource policy holds against and for an action, prepared when the bundle is loaded. */
export interface ActionRules {
  /** All that match, in the order of the policy. */
  readonly rules: readonly ResourceRule[];
  readonly denies: readonly ResourceRule[];
}

const NO_RULES: ActionRules = { rules: [], denies: [] };
const NO_ROLES: ReadonlyMap<string, RolePolicy> = new Map();
const NO_PARENTS: readonly string[] = [];

/** By scope, then version, then name: nested maps, because putting keys together costs more than three look-ups. */
type Placed<T> = Map<string, Map<string, Map<string, T>>>;

/** Where policies are found, in a few map look-ups however many there are. */
export class RuleIndex {
  private readonly resources: Placed<ResourcePolicy> = new Map();
  private readonly principals: Placed<PrincipalPolicy> = new Map();
  private readonly roles: Placed<RolePolicy> = new Map();
  /** The ancestors of each role. */
  private readonly parents: Placed<readonly string[]>;
  private readonly versioned: boolean;
  private readonly literal = new Map<ResourcePolicy, ReadonlyMap<string, ActionRules>>();
  private readonly globbed = new Map<ResourcePolicy, readonly ResourceRule[]>();
  private readonly allows = new Map<string, ResourceRule[]>();
  private readonly denies = new Map<string, ResourceRule[]>();
  /** Some principal or role policy exists: then anything may be said of anybody. */
  private saysMore = false;
  private readonly scopePermissions = new Map<string, ScopePermissions>();
  private readonly resourceScopes = new Set<string>();
  private readonly principalScopes = new Set<string>();
  readonly kinds: ReadonlySet<string>;
  private readonly policies: readonly Policy[];

  /** With `versioned` a role inherits from its role policy of the same version only; Cerbos looks at the scope alone. */
  constructor(policies: readonly Policy[], versioned: boolean) {
    const kinds = new Set<string>();
    for (const policy of policies) {
      this.add(policy);
      if (policy.kind === 'resource') kinds.add(policy.name);
      else for (const rule of policy.rules) for (const kind of rule.resources.exact) kinds.add(kind);
    }
    this.kinds = kinds;
    this.policies = policies;
    this.versioned = versioned;
    this.parents = inheritance(policies, versioned);
  }

  private add(policy: Policy): void {
    if (policy.kind !== 'resource') this.saysMore = true;
    if (policy.kind !== 'role') this.scopePermissions.set(policy.scope, policy.permissions);
    switch (policy.kind) {
      case 'resource':
        place(this.resources, policy.scope, policy.version, policy.name, policy);
        this.resourceScopes.add(policy.scope);
        this.addActions(policy);
        return;
      case 'principal':
        place(this.principals, policy.scope, policy.version, policy.name, policy);
        this.principalScopes.add(policy.scope);
        return;
      case 'role':
        place(this.roles, policy.scope, policy.version, policy.name, policy);
        this.resourceScopes.add(policy.scope);
        return;
    }
  }

  private addActions(policy: ResourcePolicy): void {
    const names = new Set(policy.rules.flatMap((rule) => [...rule.actions.exact]));
    const actions = new Map<string, ActionRules>();
    for (const name of names) actions.set(name, toActionRules(policy.rules, name));
    this.literal.set(policy, actions);
    this.globbed.set(
      policy,
      policy.rules.filter((rule) => rule.actions.any || rule.actions.globs.length > 0),
    );
    const allows = this.allows.get(policy.name) ?? [];
    allows.push(...policy.rules.filter((rule) => rule.effect === 'allow'));
    this.allows.set(policy.name, allows);
    const denies = this.denies.get(policy.name) ?? [];
    denies.push(...policy.rules.filter((rule) => rule.effect === 'deny'));
    this.denies.set(policy.name, denies);
  }

  /** Whether some policy could have something to say about resources of this kind. */
  speaksOf(kind: string): boolean {
    return this.saysMore || this.allows.has(kind);
  }

  /** Whether some policy could forbid somebody this action, in any version or scope. */
  mayForbid(kind: string, action: string): boolean {
    return this.saysMore || this.denies.get(kind)?.some((rule) => includesName(rule.actions, action)) === true;
  }

  resource(kind: string, version: string, scope: string): ResourcePolicy | undefined {
    return this.resources.get(scope)?.get(version)?.get(kind);
  }

  principal(id: string, version: string, scope: string): PrincipalPolicy | undefined {
    return this.principals.get(scope)?.get(version)?.get(id);
  }

  /** On which all resource and principal policies of a scope agree; undefined where there are none. */
  permissions(scope: string): ScopePermissions | undefined {
    return this.scopePermissions.get(scope);
  }

  /** Whether any principal has a policy of this version and scope. */
  hasPrincipals(version: string, scope: string): boolean {
    return this.principals.get(scope)?.has(version) === true;
  }

  /** The role policies of a version and scope, by role. */
  rolePolicies(version: string, scope: string): ReadonlyMap<string, RolePolicy> {
    return this.roles.get(scope)?.get(version) ?? NO_ROLES;
  }

  /** The roles that `role` also stands for in the scope that the request names, by its role policies' parentRoles. */
  parentRoles(role: string, version: string, scope: string): readonly string[] {
    return (
      this.parents
        .get(scope)
        ?.get(this.versioned ? version : '')
        ?.get(role) ?? NO_PARENTS
    );
  }

  actionRules(policy: ResourcePolicy, action: string): ActionRules {
    const prepared = this.literal.get(policy)?.get(action);
    if (prepared !== undefined) return prepared;
    const globbed = this.globbed.get(policy) ?? [];
    return globbed.length === 0 ? NO_RULES : toActionRules(globbed, action);
  }

  /** The scopes from `scope` to the root in which any resource or role policy exists, nearest first. */
  resourceChain(scope: string): readonly string[] {
    return chain(scope, this.resourceScopes);
  }

  principalChain(scope: string): readonly string[] {
    return chain(scope, this.principalScopes);
  }

  allowsSomewhere(kind: string, action: string): boolean {
    return (this.allows.get(kind) ?? []).some((rule) => includesName(rule.actions, action));
  }

  actionsOf(kind: string): ReadonlySet<string> {
    const names = new Set<string>();
    for (const policy of this.policies) {
      if (policy.kind === 'resource' && policy.name !== kind) continue;
      for (const rule of policy.rules) {
        if (rule.kind !== 'resource' && !includesName(rule.resources, kind)) continue;
        for (const name of rule.actions.exact) names.add(name);
      }
    }
    return names;
  }
}

function toActionRules(candidates: readonly ResourceRule[], action: string): ActionRules {
  const rules = candidates.filter((rule) => includesName(rule.actions, action));
  return { rules, denies: rules.filter((rule) => rule.effect === 'deny') };
}

function chain(scope: string, existing: ReadonlySet<string>): readonly string[] {
  if (scope === '') return existing.has('') ? ROOT : [];
  return scopeChain(scope).filter((candidate) => existing.has(candidate));
}

const ROOT: readonly string[] = [''];

function place<T>(placed: Placed<T>, scope: string, version: string, name: string, value: T): void {
  const versions = placed.get(scope) ?? new Map<string, Map<string, T>>();
  const names = versions.get(version) ?? new Map<string, T>();
  placed.set(scope, versions.set(version, names.set(name, value)));
}

/** For each place the ancestors of each role. Roles that lead back to themselves end there (Cerbos does the same). */
function inheritance(policies: readonly Policy[], versioned: boolean): Placed<readonly string[]> {
  const direct: Placed<Set<string>> = new Map();
  for (const policy of policies) {
    if (policy.kind !== 'role') continue;
    const version = versioned ? policy.version : '';
    const parents = direct.get(policy.scope)?.get(version)?.get(policy.name) ?? new Set<string>();
    for (const parent of policy.parentRoles) parents.add(parent);
    place(direct, policy.scope, version, policy.name, parents);
  }
  const inherited: Placed<readonly string[]> = new Map();
  for (const [scope, versions] of direct) {
    for (const [version, roles] of versions) {
      for (const role of roles.keys()) place(inherited, scope, version, role, ancestors(role, roles));
    }
  }
  return inherited;
}

function ancestors(role: string, direct: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const parent of [...(direct.get(name) ?? [])].toSorted()) {
      if (parent === role || found.has(parent)) continue;
      found.add(parent);
      visit(parent);
    }
  };
  visit(role);
  return [...found];
}
