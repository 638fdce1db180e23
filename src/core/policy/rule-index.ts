import { scopeChain } from './names.ts';
import {
  includesName,
  type Policy,
  type PrincipalPolicy,
  type ResourcePolicy,
  type ResourceRule,
  type RolePolicy,
} from './rules.ts';

/** What one resource policy holds against and for an action, prepared when the bundle is loaded. */
export interface ActionRules {
  /** All that match, in the order of the policy. */
  readonly rules: readonly ResourceRule[];
  readonly denies: readonly ResourceRule[];
}

const NO_RULES: ActionRules = { rules: [], denies: [] };
const NO_ROLES: ReadonlyMap<string, RolePolicy> = new Map();
const NO_PARENTS: readonly string[] = [];

/**
 * Where policies are found: by kind or principal, then version, then scope, in a few map look-ups however many there
 * are. Every name in a key is followed by a character that it cannot hold.
 */
export class RuleIndex {
  private readonly resources = new Map<string, ResourcePolicy>();
  private readonly principals = new Map<string, PrincipalPolicy>();
  private readonly roles = new Map<string, Map<string, RolePolicy>>();
  private readonly parents = new Map<string, ReadonlyMap<string, readonly string[]>>();
  private readonly literal = new Map<ResourcePolicy, ReadonlyMap<string, ActionRules>>();
  private readonly globbed = new Map<ResourcePolicy, readonly ResourceRule[]>();
  private readonly allows = new Map<string, ResourceRule[]>();
  private readonly resourceScopes = new Set<string>();
  private readonly principalScopes = new Set<string>();
  /** Versions and scopes in which some principal has a policy. */
  private readonly principalsIn = new Set<string>();
  readonly kinds: ReadonlySet<string>;

  /** With `versioned` a role inherits from its role policy of the same version only; Cerbos looks at the scope alone. */
  constructor(policies: readonly Policy[], versioned: boolean) {
    const kinds = new Set<string>();
    for (const policy of policies) {
      this.add(policy);
      if (policy.kind === 'resource') kinds.add(policy.name);
      else for (const rule of policy.rules) for (const kind of rule.resources.exact) kinds.add(kind);
    }
    this.kinds = kinds;
    this.parents = inheritance(policies, versioned);
  }

  private add(policy: Policy): void {
    switch (policy.kind) {
      case 'resource':
        this.resources.set(keyOf(policy.name, policy.version, policy.scope), policy);
        this.resourceScopes.add(policy.scope);
        this.addActions(policy);
        return;
      case 'principal':
        this.principals.set(keyOf(policy.name, policy.version, policy.scope), policy);
        this.principalScopes.add(policy.scope);
        this.principalsIn.add(placeOf(policy.version, policy.scope));
        return;
      case 'role': {
        const place = placeOf(policy.version, policy.scope);
        const roles = this.roles.get(place) ?? new Map<string, RolePolicy>();
        this.roles.set(place, roles.set(policy.name, policy));
        this.resourceScopes.add(policy.scope);
        return;
      }
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
  }

  resource(kind: string, version: string, scope: string): ResourcePolicy | undefined {
    return this.resources.get(keyOf(kind, version, scope));
  }

  principal(id: string, version: string, scope: string): PrincipalPolicy | undefined {
    return this.principals.get(keyOf(id, version, scope));
  }

  /** The role policies of a version and scope, by role. */
  rolePolicies(version: string, scope: string): ReadonlyMap<string, RolePolicy> {
    return this.roles.size === 0 ? NO_ROLES : (this.roles.get(placeOf(version, scope)) ?? NO_ROLES);
  }

  /** The roles that `role` also stands for in the scope that the request names, by its role policies' parentRoles. */
  parentRoles(role: string, version: string, scope: string): readonly string[] {
    if (this.parents.size === 0) return NO_PARENTS;
    const place = this.parents.get(placeOf(version, scope)) ?? this.parents.get(placeOf('', scope));
    return place?.get(role) ?? NO_PARENTS;
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

  hasPrincipals(version: string, scope: string): boolean {
    return this.principalsIn.has(placeOf(version, scope));
  }

  allowsSomewhere(kind: string, action: string): boolean {
    return (this.allows.get(kind) ?? []).some((rule) => includesName(rule.actions, action));
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

/** Scopes and versions hold no `/` and no NUL. */
function placeOf(version: string, scope: string): string {
  return `${version}/${scope}`;
}

function keyOf(name: string, version: string, scope: string): string {
  return `${version}/${scope}\0${name}`;
}

/** For each place the ancestors of each role. Roles that lead back to themselves end there (Cerbos does the same). */
function inheritance(policies: readonly Policy[], versioned: boolean) {
  const direct = new Map<string, Map<string, Set<string>>>();
  for (const policy of policies) {
    if (policy.kind !== 'role') continue;
    const place = placeOf(versioned ? policy.version : '', policy.scope);
    const roles = direct.get(place) ?? new Map<string, Set<string>>();
    const parents = roles.get(policy.name) ?? new Set<string>();
    for (const parent of policy.parentRoles) parents.add(parent);
    direct.set(place, roles.set(policy.name, parents));
  }
  const inherited = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const [place, roles] of direct) {
    inherited.set(place, new Map([...roles.keys()].map((role) => [role, ancestors(role, roles)])));
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
