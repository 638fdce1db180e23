import { stringify } from 'yaml';

export type Effect = 'ALLOW' | 'DENY';

/** Cerbos's `match`; `expr` has exactly one source. */
export interface Match {
  readonly op: 'expr' | 'all' | 'any' | 'none';
  readonly of: readonly string[];
}

/** Policies in the tests' own words; rendered to Cerbos's YAML for the real one, evaluated by the naive one. */
export interface PolicySpec {
  readonly derived: readonly DerivedRoleSpec[];
  readonly resources: readonly ResourcePolicySpec[];
  readonly principals: readonly PrincipalPolicySpec[];
  readonly roles: readonly RolePolicySpec[];
}

export interface DerivedRoleSpec {
  readonly name: string;
  readonly parents: readonly string[];
  readonly condition?: Match;
}

export interface ResourcePolicySpec {
  readonly kind: string;
  readonly version: string;
  readonly scope: string;
  /** `V.name` → one of the conditions' sources. */
  readonly variables: { readonly [name: string]: string };
  readonly rules: readonly RuleSpec[];
}

export interface RuleSpec {
  readonly name: string;
  readonly actions: readonly string[];
  readonly effect: Effect;
  readonly roles: readonly string[];
  readonly derived: readonly string[];
  readonly condition?: Match;
}

export interface PrincipalPolicySpec {
  /** An entity; the policy names it by its id. */
  readonly principal: string;
  readonly rules: readonly {
    readonly kind: string;
    readonly action: string;
    readonly effect: Effect;
    readonly condition?: Match;
  }[];
}

export interface RolePolicySpec {
  readonly role: string;
  readonly rules: readonly { readonly kind: string; readonly actions: readonly string[]; readonly condition?: Match }[];
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const API = 'api.cerbos.dev/v1';

export function renderPolicies(spec: PolicySpec): SourceFile[] {
  const files: SourceFile[] = [];
  const add = (name: string, body: object) =>
    files.push({
      path: `policies/${name}.yaml`,
      text: stringify({ apiVersion: API, ...body }, { aliasDuplicateObjects: false }),
    });
  if (spec.derived.length > 0) {
    const definitions = spec.derived.map(({ name, parents, condition }) => ({
      name,
      parentRoles: parents,
      ...renderCondition(condition),
    }));
    add('derived/common', { derivedRoles: { name: 'common', definitions } });
  }
  for (const policy of spec.resources) {
    const rules = policy.rules.map((rule) => ({
      name: rule.name,
      actions: rule.actions,
      effect: `EFFECT_${rule.effect}`,
      ...(rule.roles.length > 0 ? { roles: rule.roles } : {}),
      ...(rule.derived.length > 0 ? { derivedRoles: rule.derived } : {}),
      ...renderCondition(rule.condition),
    }));
    const uses = policy.rules.some((rule) => rule.derived.length > 0);
    add(`resource/${policy.kind}-${policy.version}${policy.scope === '' ? '' : `-${policy.scope}`}`, {
      resourcePolicy: {
        resource: policy.kind,
        version: policy.version,
        ...(policy.scope === '' ? {} : { scope: policy.scope }),
        ...(uses ? { importDerivedRoles: ['common'] } : {}),

        ...(Object.keys(policy.variables).length > 0 ? { variables: { local: policy.variables } } : {}),
        rules,
      },
    });
  }
  for (const policy of spec.principals) {
    const kinds = [...new Set(policy.rules.map((rule) => rule.kind))];
    const name = policy.principal.slice(policy.principal.indexOf(':') + 1);
    const rules = kinds.map((kind) => ({
      resource: kind,
      actions: policy.rules
        .filter((rule) => rule.kind === kind)
        .map((rule, at) => ({
          name: `${kind}-${at}`,
          action: rule.action,
          effect: `EFFECT_${rule.effect}`,
          ...renderCondition(rule.condition),
        })),
    }));
    add(`principal/${name}`, { principalPolicy: { principal: name, version: 'default', rules } });
  }
  for (const policy of spec.roles) {
    const rules = policy.rules.map((rule) => ({
      resource: rule.kind,
      allowActions: rule.actions,
      ...renderCondition(rule.condition),
    }));
    add(`role/${policy.role}`, { rolePolicy: { role: policy.role, version: 'default', rules } });
  }
  return files;
}

function renderCondition(condition: Match | undefined): object {
  if (condition === undefined) return {};
  if (condition.op === 'expr') return { condition: { match: { expr: condition.of[0] } } };
  return { condition: { match: { [condition.op]: { of: condition.of.map((expr) => ({ expr })) } } } };
}
