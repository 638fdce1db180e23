import type { Json } from '../entity.ts';
import type { Located, Place } from './document.ts';

/** Policies as they were written: checked for form, not yet linked to one another (Cerbos, policy/v1). */

export type Effect = 'allow' | 'deny';

/**
 * `override`: an allow decides, parents are not asked. `require_consent`: what this scope allows holds only where a
 * parent scope allows it, too (Cerbos, scopePermissions).
 */
export type ScopePermissions = 'override' | 'require_consent';

export type MatchSyntax =
  | { readonly kind: 'expr'; readonly source: Located<string> }
  | { readonly kind: 'all' | 'any' | 'none'; readonly of: readonly MatchSyntax[] };

export interface OutputSyntax {
  readonly ruleActivated?: Located<string>;
  readonly conditionNotMet?: Located<string>;
}

export interface DefinitionsSyntax {
  readonly importVariables: readonly Located<string>[];
  readonly variables: readonly VariableSyntax[];
  readonly importConstants: readonly Located<string>[];
  readonly constants: readonly ConstantSyntax[];
}

export interface VariableSyntax {
  readonly name: Located<string>;
  readonly source: Located<string>;
}

export interface ConstantSyntax {
  readonly name: Located<string>;
  readonly value: Json;
}

/** What every kind of rule has. `name` is Cerbos's generated one where none is given. */
interface RuleSyntax {
  readonly name: string;
  readonly place: Place;
  readonly condition?: MatchSyntax;
  readonly output?: OutputSyntax;
}

export interface ResourceRuleSyntax extends RuleSyntax {
  readonly effect: Effect;
  readonly actions: readonly Located<string>[];
  readonly roles: readonly Located<string>[];
  readonly derivedRoles: readonly Located<string>[];
}

export interface PrincipalRuleSyntax extends RuleSyntax {
  readonly effect: Effect;
  readonly resource: Located<string>;
  readonly action: Located<string>;
}

export interface RoleRuleSyntax extends RuleSyntax {
  /** The name as given: Cerbos leaves it empty in the source of outputs where none is. */
  readonly given: string;
  readonly resource: Located<string>;
  readonly allowActions: readonly Located<string>[];
}

/** A reference to a JSON schema; with `ignoreWhen`, not validated for these actions. */
export interface SchemaSyntax {
  readonly ref: Located<string>;
  readonly ignoreWhen: readonly Located<string>[];
}

export interface SchemasSyntax {
  readonly principal?: SchemaSyntax;
  readonly resource?: SchemaSyntax;
}

interface PolicyHead {
  readonly place: Place;
  /** The place of the name. */
  readonly named: Place;
  readonly name: string;
  readonly version: string;
  readonly scope: string;
  readonly definitions: DefinitionsSyntax;
}

export interface ResourcePolicySyntax extends PolicyHead {
  readonly kind: 'resource';
  readonly permissions?: Located<ScopePermissions>;
  readonly importDerivedRoles: readonly Located<string>[];
  readonly schemas?: SchemasSyntax;
  readonly rules: readonly ResourceRuleSyntax[];
}

export interface PrincipalPolicySyntax extends PolicyHead {
  readonly kind: 'principal';
  readonly permissions?: Located<ScopePermissions>;
  readonly rules: readonly PrincipalRuleSyntax[];
}

export interface RolePolicySyntax extends PolicyHead {
  readonly kind: 'role';
  readonly parentRoles: readonly Located<string>[];
  readonly rules: readonly RoleRuleSyntax[];
}

export interface DerivedRoleSyntax {
  readonly name: Located<string>;
  readonly parentRoles: readonly Located<string>[];
  readonly condition?: MatchSyntax;
}

export interface DerivedRolesSyntax {
  readonly kind: 'derivedRoles';
  readonly name: Located<string>;
  readonly definitions: DefinitionsSyntax;
  readonly roles: readonly DerivedRoleSyntax[];
}

export interface ExportVariablesSyntax {
  readonly kind: 'exportVariables';
  readonly name: Located<string>;
  readonly variables: readonly VariableSyntax[];
}

export interface ExportConstantsSyntax {
  readonly kind: 'exportConstants';
  readonly name: Located<string>;
  readonly constants: readonly ConstantSyntax[];
}

export type PolicySyntax =
  | ResourcePolicySyntax
  | PrincipalPolicySyntax
  | RolePolicySyntax
  | DerivedRolesSyntax
  | ExportVariablesSyntax
  | ExportConstantsSyntax;
