import { compileProgram } from '../cel/compile.ts';
import { shorten } from '../entity.ts';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { compileSchemas } from '../schema/compile-schemas.ts';
import type { Settings } from '../settings.ts';
import type { Exports } from './compile-definitions.ts';
import {
  compileDerivedRoles,
  compilePrincipalPolicy,
  compileResourcePolicy,
  compileRolePolicy,
  type DerivedRoleSets,
} from './compile-rules.ts';
import { type Located, type Place, readDocuments } from './document.ts';
import { toPolicies } from './judge.ts';
import type { Policies } from './judgement.ts';
import { policyName, scopeChain } from './names.ts';
import { readPolicy } from './read-policy.ts';
import type { DerivedRole, Policy } from './rules.ts';
import { checkReferences } from './schema-check.ts';
import type {
  DerivedRolesSyntax,
  ExportConstantsSyntax,
  ExportVariablesSyntax,
  PolicySyntax,
  PrincipalPolicySyntax,
  ResourcePolicySyntax,
  RolePolicySyntax,
} from './syntax.ts';

type NamedSyntax = DerivedRolesSyntax | ExportVariablesSyntax | ExportConstantsSyntax;
type RuleSyntax = ResourcePolicySyntax | PrincipalPolicySyntax | RolePolicySyntax;

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Compiles Cerbos policies (api.cerbos.dev/v1; YAML or JSON, one or more documents a file) for `judge`. Every error of
 * every file comes back at once, ordered by its place, with what was found and what would be right. The order of files
 * and documents has no influence.
 *
 * @param schemaFiles the JSON schemas that they refer to, with paths that contain `_schemas/`
 */
export function compilePolicies(
  files: readonly SourceFile[],
  settings: Settings,
  schemaFiles: readonly SourceFile[] = [],
): Result<Policies, readonly Problem[]> {
  const problems: Problem[] = [];
  const syntax = files
    .toSorted((left, right) => compare(left.path, right.path))
    .flatMap((file) => readDocuments(file.path, file.text, problems))
    .flatMap((document) => readPolicy(document) ?? []);
  const policies = link(syntax, problems);
  // Schemas that nobody enforces are not looked at (Cerbos).
  const schemas = settings.schemaEnforcement === 'none' ? undefined : compileSchemas(schemaFiles, problems);
  if (schemas !== undefined) checkReferences(policies, schemas, problems);
  return problems.length === 0 ? ok(toPolicies(policies, settings, schemas)) : err(inOrder(problems));
}

function link(syntax: readonly PolicySyntax[], problems: Problem[]): readonly Policy[] {
  const exports: Exports = {
    variables: collect(syntax.filter(isExportVariables), problems),
    constants: collect(syntax.filter(isExportConstants), problems),
  };
  for (const exported of exports.variables.values()) checkExported(exported, problems);
  const sets = new Map<string, ReadonlyMap<string, DerivedRole>>();
  for (const [name, set] of collect(syntax.filter(isDerivedRoles), problems)) {
    sets.set(name, compileDerivedRoles(set, exports, problems));
  }
  const ruled = syntax.filter(hasRules);
  const unique = refuseDuplicates(ruled, problems);
  for (const policy of unique.values()) checkParents(policy, unique, problems);
  checkPermissions(ruled, problems);
  return [...unique.values()].map((policy) => compile(policy, sets, exports, problems));
}

function compile(policy: RuleSyntax, sets: DerivedRoleSets, exports: Exports, problems: Problem[]): Policy {
  switch (policy.kind) {
    case 'resource':
      return compileResourcePolicy(policy, sets, exports, problems);
    case 'principal':
      return compilePrincipalPolicy(policy, exports, problems);
    case 'role':
      return compileRolePolicy(policy, exports, problems);
  }
}

function isExportVariables(policy: PolicySyntax): policy is ExportVariablesSyntax {
  return policy.kind === 'exportVariables';
}

function isExportConstants(policy: PolicySyntax): policy is ExportConstantsSyntax {
  return policy.kind === 'exportConstants';
}

function isDerivedRoles(policy: PolicySyntax): policy is DerivedRolesSyntax {
  return policy.kind === 'derivedRoles';
}

function hasRules(policy: PolicySyntax): policy is RuleSyntax {
  return policy.kind === 'resource' || policy.kind === 'principal' || policy.kind === 'role';
}

function collect<Syntax extends NamedSyntax>(
  syntax: readonly Syntax[],
  problems: Problem[],
): ReadonlyMap<string, Syntax> {
  const found = new Map<string, Syntax>();
  for (const one of syntax) {
    const first = found.get(one.name.value);
    if (first === undefined) found.set(one.name.value, one);
    else problems.push(repeated(`${one.kind} "${one.name.value}"`, one.name, first.name.place));
  }
  return found;
}

/** An exported variable gets its meaning where it is imported; that it is CEL at all is checked even if it never is. */
function checkExported(exported: ExportVariablesSyntax, problems: Problem[]): void {
  for (const { source } of exported.variables) {
    const program = compileProgram(source.value, { result: 'any', place: source.place });
    if (!program.ok) problems.push({ ...source.place, ...program.error });
  }
}

function refuseDuplicates(policies: readonly RuleSyntax[], problems: Problem[]): ReadonlyMap<string, RuleSyntax> {
  const unique = new Map<string, RuleSyntax>();
  for (const policy of policies) {
    const identity = identityOf(policy, policy.scope);
    const first = unique.get(identity);
    if (first === undefined) unique.set(identity, policy);
    else problems.push(repeated(`policy ${nameOf(policy)}`, { value: policy.name, place: policy.named }, first.named));
  }
  return unique;
}

/** A scoped resource or principal policy needs one in every scope above it, up to the root (Cerbos refuses gaps). */
function checkParents(policy: RuleSyntax, all: ReadonlyMap<string, RuleSyntax>, problems: Problem[]): void {
  if (policy.kind === 'role') return;
  const { kind, name, version } = policy;
  const missing = scopeChain(policy.scope).filter((scope) => !all.has(identityOf(policy, scope)));
  for (const scope of missing) {
    const parent = policyName(kind, name, version, scope);
    const message = `the policy ${nameOf(policy)} has no parent ${parent}`;
    problems.push({ ...policy.named, message, found: `scope "${policy.scope}"`, expected: `a policy ${parent}` });
  }
}

/** Policies of one scope must agree on its permissions (Cerbos). Not stating them is stating the default. */
function checkPermissions(policies: readonly RuleSyntax[], problems: Problem[]): void {
  const first = new Map<string, ResourcePolicySyntax | PrincipalPolicySyntax>();
  for (const policy of policies) {
    if (policy.kind === 'role') continue;
    const other = first.get(policy.scope);
    if (other === undefined) first.set(policy.scope, policy);
    else if ((other.permissions?.value ?? 'override') !== (policy.permissions?.value ?? 'override')) {
      const message = `${nameOf(policy)} and ${nameOf(other)} give the scope "${policy.scope}" different permissions`;
      const { file, line } = other.permissions?.place ?? other.named;
      const expected = `scopePermissions as at ${file}:${line}`;
      problems.push({
        ...(policy.permissions?.place ?? policy.named),
        message,
        found: policy.permissions?.value ?? 'override',
        expected,
      });
    }
  }
}

function identityOf(policy: RuleSyntax, scope: string): string {
  return [policy.kind, policy.version, scope, policy.name].join('\0');
}

function nameOf(policy: RuleSyntax): string {
  return policyName(policy.kind, policy.name, policy.version, policy.scope);
}

function repeated(what: string, name: Located<string>, first: Place): Problem {
  const expected = `one: ${first.file}:${first.line} has it already`;
  return { ...name.place, message: `there are two of ${what}`, found: shorten(name.value), expected };
}

/** Ordered by place; a fault in something that several policies import is said once. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].toSorted(
    (left, right) =>
      compare(left.file ?? '', right.file ?? '') ||
      (left.line ?? 0) - (right.line ?? 0) ||
      (left.column ?? 0) - (right.column ?? 0) ||
      compare(left.message, right.message),
  );
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
