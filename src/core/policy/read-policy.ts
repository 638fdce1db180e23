import { shorten } from '../entity.ts';
import type { Cursor, Located, Place } from './document.ts';
import { ruleName } from './names.ts';
import {
  readCondition,
  readConstants,
  readDefinitions,
  readEffect,
  readName,
  readNames,
  readOutput,
  readSchemas,
  readSomeNames,
  readVariables,
} from './read-parts.ts';
import type {
  DerivedRoleSyntax,
  DerivedRolesSyntax,
  ExportConstantsSyntax,
  ExportVariablesSyntax,
  MatchSyntax,
  OutputSyntax,
  PolicySyntax,
  PrincipalPolicySyntax,
  PrincipalRuleSyntax,
  ResourcePolicySyntax,
  ResourceRuleSyntax,
  RolePolicySyntax,
  RoleRuleSyntax,
  ScopePermissions,
} from './syntax.ts';

const API_VERSION = 'api.cerbos.dev/v1';
/** Where a role policy names no version (Cerbos). */
const ROLE_POLICY_VERSION = 'default';

const KINDS = ['resourcePolicy', 'principalPolicy', 'rolePolicy', 'derivedRoles', 'exportVariables', 'exportConstants'];
const COMMON = ['apiVersion', 'disabled', 'description', 'metadata', 'variables', '$schema'];

const RESOURCE = /^[^!*?[\]{}]+$/;
const VERSION = /^\w+$/;
const SCOPE = /^(?:[A-Za-z0-9][\w-]*(?:\.[A-Za-z0-9][\w-]*)*)?$/;

/**
 * Reads one document. A policy of the wrong form adds problems, and what could be read is returned for further checks;
 * a disabled one is checked for its form only and returns nothing (Cerbos, `disabled`).
 */
export function readPolicy(document: Cursor): PolicySyntax | undefined {
  const fields = document.fields([...KINDS, ...COMMON], ['apiVersion']);
  if (fields === undefined) return undefined;
  const version = fields.get('apiVersion')?.string(API_VERSION);
  if (version !== undefined && version.value !== API_VERSION) {
    fields.get('apiVersion')?.fail('the apiVersion is not known', { found: version.value, expected: API_VERSION });
  }
  const kinds = KINDS.filter((kind) => fields.has(kind));
  const kind = kinds[0];
  const body = kind === undefined ? undefined : fields.get(kind);
  if (kind === undefined || body === undefined || kinds.length > 1) {
    const found = kinds.join(', ') || 'none of them';
    return document.fail('the document is not one policy', { found, expected: `exactly one of ${KINDS.join(', ')}` });
  }
  const policy = readBody(kind, body, fields.get('variables'));
  return fields.get('disabled')?.boolean() === true ? undefined : policy;
}

function readBody(kind: string, body: Cursor, older: Cursor | undefined): PolicySyntax | undefined {
  switch (kind) {
    case 'resourcePolicy':
      return readResourcePolicy(body, older);
    case 'principalPolicy':
      return readPrincipalPolicy(body, older);
    case 'rolePolicy':
      return readRolePolicy(body, older);
    case 'derivedRoles':
      return readDerivedRoles(body, older);
    case 'exportVariables':
      return readExportVariables(body);
    default:
      return readExportConstants(body);
  }
}

function readResourcePolicy(body: Cursor, older: Cursor | undefined): ResourcePolicySyntax | undefined {
  const fields = body.fields(
    [
      'resource',
      'version',
      'scope',
      'scopePermissions',
      'importDerivedRoles',
      'variables',
      'constants',
      'schemas',
      'rules',
    ],
    ['resource', 'version'],
  );
  if (fields === undefined) return undefined;
  const name = readPattern(fields.get('resource'), RESOURCE, 'a resource kind without wildcards');
  const permissions = readPermissions(fields.get('scopePermissions'));
  const schemas = readSchemas(fields.get('schemas'));
  const rules = uniquelyNamed(fields.get('rules'), readResourceRule);
  const head = readHead(fields);
  if (name === undefined) return undefined;
  return {
    kind: 'resource',
    place: body.place,
    named: name.place,
    name: name.value,
    ...head,
    definitions: readDefinitions(fields, older),
    importDerivedRoles: readNames(fields.get('importDerivedRoles')),
    ...(permissions === undefined ? {} : { permissions }),
    ...(schemas === undefined ? {} : { schemas }),
    rules,
  };
}

function readResourceRule(cursor: Cursor, index: number): ResourceRuleSyntax | undefined {
  const fields = cursor.fields(
    ['name', 'actions', 'effect', 'roles', 'derivedRoles', 'condition', 'output'],
    ['actions', 'effect'],
  );
  if (fields === undefined) return undefined;
  const effect = readEffect(fields.get('effect'));
  const roles = readNames(fields.get('roles'), { glob: true });
  const derivedRoles = readNames(fields.get('derivedRoles'));
  if (!fields.has('roles') && !fields.has('derivedRoles')) {
    cursor.fail(`${cursor.path} names no roles`, { found: 'neither', expected: 'roles or derivedRoles' });
  }
  const actions = readSomeNames(fields.get('actions'), { glob: true });
  const parts = readRuleParts(fields);
  const name = readName(fields.get('name'))?.value ?? ruleName(index);
  return effect === undefined
    ? undefined
    : { name, place: cursor.place, effect, actions, roles, derivedRoles, ...parts };
}

function readPrincipalPolicy(body: Cursor, older: Cursor | undefined): PrincipalPolicySyntax | undefined {
  const fields = body.fields(
    ['principal', 'version', 'scope', 'scopePermissions', 'variables', 'constants', 'rules'],
    ['principal', 'version'],
  );
  if (fields === undefined) return undefined;
  const name = readPattern(fields.get('principal'), RESOURCE, 'a principal id without wildcards');
  const permissions = readPermissions(fields.get('scopePermissions'));
  const names: Seen = { rules: new Map(), resources: new Map() };
  const rules = (fields.get('rules')?.items() ?? []).flatMap((rule) => readPrincipalRules(rule, names));
  const head = readHead(fields);
  if (name === undefined) return undefined;
  return {
    kind: 'principal',
    place: body.place,
    named: name.place,
    name: name.value,
    ...head,
    definitions: readDefinitions(fields, older),
    ...(permissions === undefined ? {} : { permissions }),
    rules,
  };
}

/** What a principal policy may name once only (Cerbos). */
interface Seen {
  readonly rules: Map<string, Place>;
  readonly resources: Map<string, Place>;
}

function readPrincipalRules(cursor: Cursor, seen: Seen): readonly PrincipalRuleSyntax[] {
  const fields = cursor.fields(['resource', 'actions'], ['resource', 'actions']);
  const resource = readName(fields?.get('resource'), { glob: true });
  if (resource !== undefined) refuseRepeated(cursor, resource, seen.resources);
  const actions = fields?.get('actions');
  const items = actions?.items() ?? [];
  if (actions !== undefined && items.length === 0) {
    actions.fail(`${actions.path} is empty`, { found: '[]', expected: 'at least one action' });
  }
  return items.flatMap((item, index): PrincipalRuleSyntax[] => {
    const rule = item.fields(['name', 'action', 'effect', 'condition', 'output'], ['action', 'effect']);
    const action = readName(rule?.get('action'), { glob: true });
    const effect = readEffect(rule?.get('effect'));
    if (rule === undefined || resource === undefined) return [];
    const given = readName(rule.get('name'));
    if (given !== undefined) refuseRepeated(item, given, seen.rules);
    const parts = readRuleParts(rule);
    if (action === undefined || effect === undefined) return [];
    const name = given?.value ?? ruleName(index, resource.value);
    return [{ name, place: item.place, effect, resource, action, ...parts }];
  });
}

function readRolePolicy(body: Cursor, older: Cursor | undefined): RolePolicySyntax | undefined {
  const fields = body.fields(
    ['role', 'version', 'scope', 'scopePermissions', 'parentRoles', 'variables', 'constants', 'rules'],
    ['role'],
  );
  if (fields === undefined) return undefined;
  const name = readName(fields.get('role'));
  readPermissions(fields.get('scopePermissions'));
  const parentRoles = readNames(fields.get('parentRoles'));
  const rules = uniquelyNamed(fields.get('rules'), (rule, index) => readRoleRule(rule, index, name?.value));
  const head = readHead(fields);
  if (name === undefined) return undefined;
  return {
    kind: 'role',
    place: body.place,
    named: name.place,
    name: name.value,
    ...head,
    definitions: readDefinitions(fields, older),
    parentRoles,
    rules,
  };
}

function readRoleRule(cursor: Cursor, index: number, role: string | undefined): RoleRuleSyntax | undefined {
  const fields = cursor.fields(
    ['name', 'resource', 'allowActions', 'condition', 'output'],
    ['resource', 'allowActions'],
  );
  if (fields === undefined) return undefined;
  const resource = readName(fields.get('resource'), { glob: true });
  const allowActions = readSomeNames(fields.get('allowActions'), { glob: true });
  const given = readName(fields.get('name'))?.value ?? '';
  const name = given === '' ? ruleName(index, role) : given;
  const parts = readRuleParts(fields);
  return resource === undefined ? undefined : { name, given, place: cursor.place, resource, allowActions, ...parts };
}

function readDerivedRoles(body: Cursor, older: Cursor | undefined): DerivedRolesSyntax | undefined {
  const fields = body.fields(['name', 'definitions', 'variables', 'constants'], ['name', 'definitions']);
  if (fields === undefined) return undefined;
  const name = readName(fields.get('name'));
  const names = new Map<string, Place>();
  const roles = (fields.get('definitions')?.items() ?? []).flatMap((item) => readDerivedRole(item, names) ?? []);
  if (name === undefined) return undefined;
  return { kind: 'derivedRoles', name, definitions: readDefinitions(fields, older), roles };
}

function readDerivedRole(cursor: Cursor, names: Map<string, Place>): DerivedRoleSyntax | undefined {
  const fields = cursor.fields(['name', 'parentRoles', 'condition'], ['name', 'parentRoles']);
  if (fields === undefined) return undefined;
  const name = readName(fields.get('name'));
  const parentRoles = readSomeNames(fields.get('parentRoles'), { glob: true });
  const condition = readCondition(fields.get('condition'));
  if (name === undefined) return undefined;
  refuseRepeated(cursor, name, names);
  return { name, parentRoles, ...(condition === undefined ? {} : { condition }) };
}

function readExportVariables(body: Cursor): ExportVariablesSyntax | undefined {
  const fields = body.fields(['name', 'definitions'], ['name', 'definitions']);
  const name = readName(fields?.get('name'));
  const variables = readVariables(fields?.get('definitions'));
  return name === undefined ? undefined : { kind: 'exportVariables', name, variables };
}

function readExportConstants(body: Cursor): ExportConstantsSyntax | undefined {
  const fields = body.fields(['name', 'definitions'], ['name', 'definitions']);
  const name = readName(fields?.get('name'));
  const constants = readConstants(fields?.get('definitions'));
  return name === undefined ? undefined : { kind: 'exportConstants', name, constants };
}

function readHead(fields: ReadonlyMap<string, Cursor>): { version: string; scope: string } {
  const version = readPattern(fields.get('version'), VERSION, 'letters, digits and _')?.value;
  const scope = readPattern(fields.get('scope'), SCOPE, 'names separated by dots, like acme.hr')?.value;
  return { version: version ?? ROLE_POLICY_VERSION, scope: scope ?? '' };
}

function readPattern(cursor: Cursor | undefined, pattern: RegExp, expected: string): Located<string> | undefined {
  const text = cursor?.string(expected);
  if (cursor === undefined || text === undefined || pattern.test(text.value)) return text;
  return cursor.fail(`${cursor.path} has the wrong form`, { found: JSON.stringify(shorten(text.value)), expected });
}

function readPermissions(cursor: Cursor | undefined): Located<ScopePermissions> | undefined {
  const expected = 'SCOPE_PERMISSIONS_OVERRIDE_PARENT or SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS';
  const text = cursor?.string(expected);
  if (cursor === undefined || text === undefined || text.value === 'SCOPE_PERMISSIONS_UNSPECIFIED') return undefined;
  const { place } = text;
  if (text.value === 'SCOPE_PERMISSIONS_OVERRIDE_PARENT') return { value: 'override', place };
  if (text.value === 'SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS')
    return { value: 'require_consent', place };
  return cursor.fail('the scope permissions are not known', { found: shorten(text.value), expected });
}

function readRuleParts(fields: ReadonlyMap<string, Cursor>): { condition?: MatchSyntax; output?: OutputSyntax } {
  const condition = readCondition(fields.get('condition'));
  const output = readOutput(fields.get('output'));
  return { ...(condition === undefined ? {} : { condition }), ...(output === undefined ? {} : { output }) };
}

/** Reads a list of rules; a name stands for one rule only (Cerbos refuses a second one). */
function uniquelyNamed<Rule extends { readonly name: string }>(
  list: Cursor | undefined,
  read: (cursor: Cursor, index: number) => Rule | undefined,
): readonly Rule[] {
  const names = new Map<string, Place>();
  return (list?.items() ?? []).flatMap((item, index) => {
    const rule = read(item, index);
    if (rule === undefined) return [];
    refuseRepeated(item, { value: rule.name, place: item.place }, names);
    return [rule];
  });
}

function refuseRepeated(cursor: Cursor, name: Located<string>, names: Map<string, Place>): void {
  const first = names.get(name.value);
  if (first === undefined) {
    names.set(name.value, name.place);
    return;
  }
  const expected = `another name: line ${first.line} has it already`;
  cursor.fail(`the name "${name.value}" is given twice`, { found: name.value, expected });
}
