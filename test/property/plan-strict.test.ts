import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attributes } from '../../src/core/entity.ts';
import { Budget } from '../../src/core/limits.ts';
import { compilePolicies } from '../../src/core/policy/compile-policies.ts';
import type { Policies } from '../../src/core/policy/judgement.ts';
import { toText } from '../../src/core/policy/plan/filter.ts';
import { DEFAULT_SETTINGS } from '../../src/core/settings.ts';
import { REQUEST, STORE } from '../support/cerbos-store.ts';
import { CONDITIONS, conditionStore, PRINCIPAL, RESOURCE } from '../support/plan-conditions.ts';
import { selects } from '../support/plan-filter.ts';

/** `strict`: a plan never promises more than a check allows, whatever is missing or of another type. */
const SEED = 20_261_124;

interface Asked {
  readonly principal: { readonly id: string; readonly roles: readonly string[]; readonly attr: object };
  readonly resource: { readonly kind: string; readonly id: string; readonly attr: object };
  readonly action: string;
}

function compile(files: readonly { path: string; text: string }[]): Policies {
  const settings = { ...DEFAULT_SETTINGS, semantics: 'strict' as const, globals: { environment: 'test' } };
  const compiled = compilePolicies(
    files.map(({ path, text }) => ({ path: `policies/${path}`, text })),
    settings,
  );
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error.slice(0, 3)));
  return compiled.value;
}

/** What the plan promises and the check does not keep; and whether it promised anything. */
function broken(policies: Policies, { principal: who, resource, action }: Asked, known: readonly string[]) {
  const principal = { ...who, attr: who.attr as Attributes, entity: `user:${who.id}`, type: 'user' };
  const path = { origin: principal.entity, actor: principal.entity, path: [principal.entity], depth: 0n };
  const host = { now: 1_700_000_000_000, related: () => ({ kind: 'no' as const }), budget: new Budget(10_000_000) };
  const all = resource.attr as Attributes;
  const attr = Object.fromEntries(Object.entries(all).filter(([name]) => known.includes(name)));
  const planned = policies.plan({ ...host, principal, resource: { ...resource, attr }, action });
  if (!planned.ok) return { promised: false, fault: undefined };
  const { filter } = planned.value;
  const promised =
    filter.kind === 'always_allowed' ||
    (filter.kind === 'conditional' && selects(filter.condition, { id: resource.id, attr: all }, host));
  if (!promised) return { promised, fault: undefined };
  const judged = policies.judge({
    ...host,
    principal,
    resource: { ...resource, attr: all, entity: `${resource.kind}:${resource.id}` },
    action,
    visible: path,
    whole: path,
    explain: false,
  });
  const allowed = judged.effect === 'allow' && judged.prohibitions.length === 0;
  return {
    promised,
    fault: allowed ? undefined : `${toText(filter)} ${judged.effect} ${JSON.stringify(judged.prohibitions)}`,
  };
}

describe('with strict semantics', () => {
  it.each(['EFFECT_ALLOW', 'EFFECT_DENY'])(
    'a condition of an %s promises no more than it holds',
    (effect) => {
      const conditions = [...new Set(fc.sample(CONDITIONS, { seed: SEED, numRuns: 120 }))];
      const policies = compile([conditionStore(conditions, effect)]);
      const resources = fc.sample(RESOURCE, { seed: SEED, numRuns: 15 });
      const known = fc.sample(fc.subarray(['s', 'n', 'tags', 'flag', 'm']), { seed: SEED, numRuns: 15 });
      const faults: string[] = [];
      let promises = 0;
      conditions.forEach((condition, at) => {
        resources.forEach((attr, which) => {
          const resource = { kind: 'doc', id: 'r', attr };
          const { promised, fault } = broken(
            policies,
            { principal: PRINCIPAL, resource, action: `a${at}` },
            known[which] ?? [],
          );
          if (promised) promises += 1;
          if (fault !== undefined) faults.push(`${condition}\n${JSON.stringify(attr)} ${known[which]}\n${fault}`);
        });
      });
      expect(faults.slice(0, 5).join('\n\n')).toBe('');
      expect(promises).toBeGreaterThan(conditions.length);
    },
    60_000,
  );

  it('nor do rules of every kind together', () => {
    const faults: string[] = [];
    let promises = 0;
    fc.sample(STORE, { seed: SEED, numRuns: 4 }).forEach((files, index) => {
      const policies = compile(files);
      for (const request of fc.sample(REQUEST, { seed: SEED + index, numRuns: 80 })) {
        const { principal, resources } = request as {
          principal: Asked['principal'];
          resources: readonly { actions: readonly string[]; resource: Asked['resource'] }[];
        };
        for (const { resource, actions } of resources) {
          for (const action of actions) {
            const who = { ...principal, roles: [...principal.roles, 'user'] };
            const asked = { principal: who, resource, action };
            const { promised, fault } = broken(policies, asked, ['dept']);
            if (promised) promises += 1;
            if (fault !== undefined) faults.push(`${JSON.stringify(asked)}\n${fault}`);
          }
        }
      }
    });
    expect(faults.slice(0, 5).join('\n\n')).toBe('');
    expect(promises).toBeGreaterThan(50);
  }, 60_000);
});
