import { Budget } from '../../../src/core/limits.ts';
import { compilePolicies } from '../../../src/core/policy/compile-policies.ts';
import type { PathView, Policies, PolicyInput } from '../../../src/core/policy/judgement.ts';
import { formatProblem, type Problem } from '../../../src/core/problem.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/core/settings.ts';

/** Policies of these YAML texts; each becomes a file of its own, `p0.yaml`, `p1.yaml`, … */
export function policiesOf(texts: readonly string[], settings: Partial<Settings> = {}): Policies {
  const compiled = compilePolicies(filesOf(texts), { ...DEFAULT_SETTINGS, ...settings });
  if (!compiled.ok) throw new Error(compiled.error.map(formatProblem).join('\n'));
  return compiled.value;
}

export function problemsOf(texts: readonly string[]): readonly Problem[] {
  const compiled = compilePolicies(filesOf(texts), DEFAULT_SETTINGS);
  return compiled.ok ? [] : compiled.error;
}

function filesOf(texts: readonly string[]) {
  return texts.map((text, index) => ({ path: `p${index}.yaml`, text }));
}

export interface Asked {
  readonly action?: string;
  readonly type?: string;
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly principal?: Partial<PolicyInput['principal']>;
  readonly resource?: Partial<PolicyInput['resource']>;
  readonly visible?: PathView;
  readonly whole?: PathView;
  readonly budget?: Budget;
  readonly explain?: boolean;
}

export const ALONE: PathView = { origin: 'user:alice', actor: 'user:alice', path: ['user:alice'], depth: 0n };
export const DELEGATED: PathView = {
  origin: 'user:alice',
  actor: 'agent:bot',
  path: ['user:alice', 'agent:bot'],
  depth: 1n,
};

/** Alice, with the role `user`, wants to `view` the document `d1`, unless something else is said. */
export function input(asked: Asked = {}): PolicyInput {
  return {
    principal: {
      entity: 'user:alice',
      id: 'alice',
      type: 'user',
      roles: asked.roles ?? ['user'],
      attr: {},
      ...asked.principal,
    },
    resource: { entity: 'doc:d1', kind: 'doc', id: 'd1', attr: {}, ...asked.resource },
    action: asked.action ?? 'view',
    now: 1_700_000_000_000,
    visible: asked.visible ?? ALONE,
    whole: asked.whole ?? asked.visible ?? ALONE,
    related: () => ({ kind: 'no' }),
    budget: asked.budget ?? new Budget(),
    explain: asked.explain ?? false,
  };
}

/** A resource policy for `doc` with these rules, in YAML's flow style. */
export function docPolicy(rules: readonly string[], more = ''): string {
  const list = rules.map((rule) => `    - ${rule}\n`).join('');
  return `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: doc\n  version: default\n${more}  rules:${
    rules.length === 0 ? ' []' : ''
  }\n${list}`;
}
