import { shorten } from '../entity.ts';
import type { Problem } from '../problem.ts';
import { type Exports, ExpressionCompiler } from './compile-definitions.ts';
import type { Located } from './document.ts';
import { type Match, readsPath } from './expression.ts';
import { policyName } from './names.ts';
import {
  type DerivedRole,
  type Output,
  type PrincipalPolicy,
  type PrincipalRule,
  type ResourcePolicy,
  type ResourceRule,
  type RolePolicy,
  type RoleRule,
  toNames,
  toRoles,
} from './rules.ts';
import type {
  DerivedRolesSyntax,
  MatchSyntax,
  OutputSyntax,
  PrincipalPolicySyntax,
  ResourcePolicySyntax,
  RolePolicySyntax,
} from './syntax.ts';

/** The derived roles of each set, by the set's name and then their own. */
export type DerivedRoleSets = ReadonlyMap<string, ReadonlyMap<string, DerivedRole>>;

export function compileDerivedRoles(
  syntax: DerivedRolesSyntax,
  exports: Exports,
  problems: Problem[],
): ReadonlyMap<string, DerivedRole> {
  const compiler = new ExpressionCompiler(syntax.definitions, exports, problems);
  const roles = new Map<string, DerivedRole>();
  for (const role of syntax.roles) {
    compiler.resetUsed();
    const condition = compiler.match(role.condition);
    roles.set(role.name.value, {
      name: role.name.value,
      parentRoles: toRoles(valuesOf(role.parentRoles)),
      ...(condition === undefined ? {} : { condition }),
      definitions: compiler.definitions,
      used: compiler.usedVariables(),
      readsPath: readsPath(condition),
    });
  }
  return roles;
}

export function compileResourcePolicy(
  syntax: ResourcePolicySyntax,
  sets: DerivedRoleSets,
  exports: Exports,
  problems: Problem[],
): ResourcePolicy {
  const compiler = new ExpressionCompiler(syntax.definitions, exports, problems);
  const known = importDerivedRoles(syntax, sets, problems);
  const named = new Map<string, DerivedRole>();
  const key = policyName('resource', syntax.name, syntax.version, syntax.scope);
  const rules = syntax.rules.map((rule): ResourceRule => {
    const derivedRoles = rule.derivedRoles.flatMap((name) => findDerivedRole(name, known, problems) ?? []);
    for (const role of derivedRoles) named.set(role.name, role);
    return {
      kind: 'resource',
      ref: { policy: key, kind: 'resource', version: syntax.version, scope: syntax.scope, rule: rule.name },
      effect: rule.effect,
      actions: toNames(valuesOf(rule.actions)),
      roles: toRoles(valuesOf(rule.roles)),
      derivedRoles,
      ...compileParts(compiler, rule, `${key}#${rule.name}`),
    };
  });
  return {
    kind: 'resource',
    key,
    name: syntax.name,
    version: syntax.version,
    scope: syntax.scope,
    definitions: compiler.definitions,
    used: compiler.usedVariables(),
    permissions: syntax.permissions?.value ?? 'override',
    rules,
    derivedRoles: [...named.values()],
    ...(syntax.schemas === undefined ? {} : { schemas: syntax.schemas }),
  };
}

export function compilePrincipalPolicy(
  syntax: PrincipalPolicySyntax,
  exports: Exports,
  problems: Problem[],
): PrincipalPolicy {
  const compiler = new ExpressionCompiler(syntax.definitions, exports, problems);
  const key = policyName('principal', syntax.name, syntax.version, syntax.scope);
  const rules = syntax.rules.map(
    (rule): PrincipalRule => ({
      kind: 'principal',
      ref: { policy: key, kind: 'principal', version: syntax.version, scope: syntax.scope, rule: rule.name },
      effect: rule.effect,
      actions: toNames([rule.action.value]),
      resources: toNames([rule.resource.value]),
      ...compileParts(compiler, rule, `${key}#${rule.name}`),
    }),
  );
  return {
    kind: 'principal',
    key,
    name: syntax.name,
    version: syntax.version,
    scope: syntax.scope,
    definitions: compiler.definitions,
    used: compiler.usedVariables(),
    permissions: syntax.permissions?.value ?? 'override',
    rules,
  };
}

export function compileRolePolicy(syntax: RolePolicySyntax, exports: Exports, problems: Problem[]): RolePolicy {
  const compiler = new ExpressionCompiler(syntax.definitions, exports, problems);
  const key = policyName('role', syntax.name, syntax.version, syntax.scope);
  const ref = { policy: key, kind: 'role' as const, version: syntax.version, scope: syntax.scope };
  const rules = syntax.rules.map(
    (rule): RoleRule => ({
      kind: 'role',
      ref: { ...ref, rule: rule.name },
      actions: toNames(valuesOf(rule.allowActions)),
      resources: toNames([rule.resource.value]),
      ...compileParts(compiler, rule, `${key}#${rule.given}`),
    }),
  );
  return {
    kind: 'role',
    key,
    name: syntax.name,
    version: syntax.version,
    scope: syntax.scope,
    definitions: compiler.definitions,
    used: compiler.usedVariables(),
    parentRoles: valuesOf(syntax.parentRoles),
    rules,
    omission: { ...ref, rule: 'allowActions' },
  };
}

function compileParts(
  compiler: ExpressionCompiler,
  syntax: { readonly condition?: MatchSyntax; readonly output?: OutputSyntax },
  src: string,
): { condition?: Match; output?: Output } {
  const condition = compiler.match(syntax.condition);
  const { ruleActivated, conditionNotMet } = syntax.output ?? {};
  const activated = ruleActivated === undefined ? undefined : compiler.expression(ruleActivated, 'any');
  const notMet = conditionNotMet === undefined ? undefined : compiler.expression(conditionNotMet, 'any');
  const output = {
    src,
    ...(activated === undefined ? {} : { ruleActivated: activated }),
    ...(notMet === undefined ? {} : { conditionNotMet: notMet }),
  };
  return { ...(condition === undefined ? {} : { condition }), ...(syntax.output === undefined ? {} : { output }) };
}

/** The derived roles that a policy may name, with every set that defines each. */
function importDerivedRoles(
  syntax: ResourcePolicySyntax,
  sets: DerivedRoleSets,
  problems: Problem[],
): ReadonlyMap<string, readonly DerivedRole[]> {
  const known = new Map<string, DerivedRole[]>();
  for (const name of syntax.importDerivedRoles) {
    const set = sets.get(name.value);
    if (set === undefined) {
      const message = `there are no derivedRoles named "${name.value}"`;
      problems.push({
        ...name.place,
        message,
        found: shorten(name.value),
        expected: listOr([...sets.keys()], 'derivedRoles'),
      });
    }
    for (const [role, compiled] of set ?? []) known.set(role, [...(known.get(role) ?? []), compiled]);
  }
  return known;
}

function findDerivedRole(
  name: Located<string>,
  known: ReadonlyMap<string, readonly DerivedRole[]>,
  problems: Problem[],
): DerivedRole | undefined {
  const found = known.get(name.value) ?? [];
  const [role] = found;
  if (role !== undefined && found.length === 1) return role;
  if (role === undefined) {
    const message = `the derived role "${name.value}" is in none of the imported derivedRoles`;
    problems.push({
      ...name.place,
      message,
      found: shorten(name.value),
      expected: listOr([...known.keys()], 'derived roles'),
    });
  } else {
    const message = `the derived role "${name.value}" is in more than one of the imported derivedRoles`;
    problems.push({ ...name.place, message, found: shorten(name.value), expected: 'one import that defines it' });
  }
  return undefined;
}

function listOr(names: readonly string[], what: string): string {
  return names.length === 0 ? `one, but there are no ${what}` : `one of ${names.toSorted().join(', ')}`;
}

function valuesOf(names: readonly Located<string>[]): readonly string[] {
  return names.map((name) => name.value);
}
