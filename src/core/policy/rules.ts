import { type Definitions, type Expression, type Match, readsPath, type Variable } from './expression.ts';
import { compileGlob, isGlob } from './glob.ts';
import type { RuleRef } from './judgement.ts';
import type { Effect, SchemasSyntax, ScopePermissions } from './syntax.ts';

/** Compiled policies: what a decision reads. */

/** Names that something is for: `*` for any, names, and globs. */
export interface Names {
  readonly any: boolean;
  readonly exact: ReadonlySet<string>;
  readonly globs: readonly ((name: string) => boolean)[];
}

export interface Output {
  /** `resource.document.vdefault#rule-001`. */
  readonly src: string;
  readonly ruleActivated?: Expression;
  readonly conditionNotMet?: Expression;
}

export interface DerivedRole {
  readonly name: string;
  readonly parentRoles: Names;
  readonly condition?: Match;
  readonly definitions: Definitions;
  /** The variables that its condition uses; Cerbos evaluates them whenever it looks at the role. */
  readonly used: readonly Variable[];
  readonly readsPath: boolean;
}

interface CommonRule {
  readonly ref: RuleRef;
  readonly condition?: Match;
  readonly output?: Output;
}

export interface ResourceRule extends CommonRule {
  readonly kind: 'resource';
  readonly effect: Effect;
  readonly actions: Names;
  readonly roles: Names;
  readonly derivedRoles: readonly DerivedRole[];
}

export interface PrincipalRule extends CommonRule {
  readonly kind: 'principal';
  readonly effect: Effect;
  readonly actions: Names;
  readonly resources: Names;
}

/** An entry of a role policy's allow-list. */
export interface RoleRule extends CommonRule {
  readonly kind: 'role';
  readonly actions: Names;
  readonly resources: Names;
}

export type Rule = ResourceRule | PrincipalRule | RoleRule;

interface CommonPolicy {
  /** Cerbos's name of it. */
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly scope: string;
  readonly definitions: Definitions;
  /** The variables that some expression of the policy uses. */
  readonly used: readonly Variable[];
}

export interface ResourcePolicy extends CommonPolicy {
  readonly kind: 'resource';
  readonly permissions: ScopePermissions;
  readonly rules: readonly ResourceRule[];
  /** The derived roles that its rules name. */
  readonly derivedRoles: readonly DerivedRole[];
  readonly schemas?: SchemasSyntax;
}

export interface PrincipalPolicy extends CommonPolicy {
  readonly kind: 'principal';
  readonly permissions: ScopePermissions;
  readonly rules: readonly PrincipalRule[];
}

export interface RolePolicy extends CommonPolicy {
  readonly kind: 'role';
  readonly parentRoles: readonly string[];
  readonly rules: readonly RoleRule[];
  /** What a prohibition by omission refers to: not a rule, the lack of one. */
  readonly omission: RuleRef;
}

export type Policy = ResourcePolicy | PrincipalPolicy | RolePolicy;

/** Whether what a policy says can depend on `D`. */
export function policyReadsPath(policy: Policy): boolean {
  const roles = policy.kind === 'resource' ? policy.derivedRoles : [];
  return (
    roles.some((role) => role.readsPath) ||
    policy.used.some((variable) => variable.expression.readsPath) ||
    policy.rules.some(({ condition, output }) =>
      [readsPath(condition), output?.ruleActivated?.readsPath, output?.conditionNotMet?.readsPath].includes(true),
    )
  );
}

/** Globs that the reader refused are never compiled here. */
export function toNames(names: readonly string[]): Names {
  const exact = new Set<string>();
  const globs: ((name: string) => boolean)[] = [];
  for (const name of names) {
    const glob = isGlob(name) && name !== '*' ? compileGlob(name) : undefined;
    if (glob !== undefined) globs.push(glob);
    else if (name !== '*') exact.add(name);
  }
  return { any: names.includes('*'), exact, globs };
}

/** Beside `*`, other roles say nothing more. */
export function toRoles(names: readonly string[]): Names {
  return toNames(names.includes('*') ? ['*'] : names);
}

export function includesName(names: Names, name: string): boolean {
  if (names.any || names.exact.has(name)) return true;
  for (const glob of names.globs) if (glob(name)) return true;
  return false;
}

export function includesSome(names: Names, candidates: readonly string[]): boolean {
  for (const candidate of candidates) if (includesName(names, candidate)) return true;
  return names.any;
}

/** How many of the names and patterns fit some candidate. */
export function countNames(names: Names, candidates: readonly string[]): number {
  const exact = new Set(candidates.filter((candidate) => names.exact.has(candidate)));
  return (names.any ? 1 : 0) + exact.size + names.globs.filter((glob) => candidates.some(glob)).length;
}
