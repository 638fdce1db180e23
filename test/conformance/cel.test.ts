import { tests as suite } from '@bufbuild/cel-spec/testdata/conformance.js';
import { describe, expect, test } from 'vitest';
import { compileIn } from '../../src/core/cel/compile.ts';
import { createPolicyEnvironment } from '../../src/core/cel/environment.ts';
import type { Bindings, Host } from '../../src/core/cel/program.ts';
import { Budget } from '../../src/core/limits.ts';
import { EXCLUDED, KNOWN_FAILURES } from './cel-known-failures.ts';
import { show, toCelValue, type ValueJson } from './cel-value.ts';

/**
 * CEL's official conformance data (cel-spec, tests/simple), as @bufbuild/cel-spec has it in JSON. The variables of a
 * case are declared beside those of policies, as `dyn`, which is what policies have. What must be an error may be one
 * when the expression is compiled, and messages are not compared. What fails is listed, and may only become less.
 */
interface Case {
  readonly expr: string;
  readonly name?: string;
  readonly typeEnv?: readonly { readonly name: string; readonly ident?: unknown }[];
  readonly bindings?: { readonly [name: string]: { readonly value?: ValueJson } };
  readonly value?: ValueJson;
  readonly typedResult?: { readonly result?: ValueJson };
  readonly evalError?: unknown;
}

const TRUE: ValueJson = { boolValue: true };
const policies = createPolicyEnvironment();
const known = new Map(KNOWN_FAILURES.flatMap(({ reason, cases }) => cases.map((name) => [name, reason] as const)));

/** What the case should give, and what it gives. */
function run(one: Case): { readonly expected: string; readonly found: string } {
  const expected = 'evalError' in one ? 'error' : show(toCelValue(one.value ?? one.typedResult?.result ?? TRUE));
  const found = outcomeOf(one);
  return { expected, found: expected === 'error' ? (found.split(':')[0] ?? found) : found };
}

function outcomeOf(one: Case): string {
  const bindings = Object.entries(one.bindings ?? {}).map(([name, { value }]) => [name, toCelValue(value ?? {})]);
  const declared = (one.typeEnv ?? []).filter(({ ident }) => ident !== undefined).map(({ name }) => name);
  const program = compileIn(scopeWith([...declared, ...Object.keys(one.bindings ?? {})]), one.expr, { result: 'any' });
  if (!program.ok) return `error: ${program.error.message}`;
  const host: Host = { now: 0, related: () => ({ kind: 'no' }), budget: new Budget() };
  const outcome = program.value.run(Object.fromEntries(bindings) as Bindings, host);
  if (outcome.kind === 'unknown') return 'unknown';
  return outcome.kind === 'value' ? show(outcome.value) : `error: ${outcome.message}`;
}

function scopeWith(variables: readonly string[]) {
  if (variables.length === 0) return policies;
  const environment = createPolicyEnvironment();
  for (const name of new Set(variables)) environment.registerVariable(name, 'dyn');
  return environment;
}

/** The cases of a section by name; a name that was there before has its number behind it. */
function byName(cases: readonly Case[]): ReadonlyMap<string, Case> {
  const named = new Map<string, Case>();
  for (const one of cases) {
    const name = one.name ?? one.expr;
    const same = [...named.keys()].filter((other) => other === name || other.startsWith(`${name}#`)).length;
    named.set(same === 0 ? name : `${name}#${same + 1}`, one);
  }
  return named;
}

const seen = new Set<string>();

for (const file of suite.suites ?? []) {
  seen.add(file.name);
  if (EXCLUDED.has(file.name)) continue;
  describe(file.name, () => {
    for (const section of file.suites ?? []) {
      const at = `${file.name}/${section.name}`;
      seen.add(at);
      if (EXCLUDED.has(at)) continue;
      const cases = byName((section.tests ?? []).map(({ original }) => original as Case));
      for (const name of cases.keys()) seen.add(`${at}/${name}`);
      test(section.name, () => {
        for (const [name, one] of cases) {
          const { expected, found } = run(one);
          const reason = known.get(`${at}/${name}`);
          if (reason === undefined) expect(found, `${at}/${name}: ${one.expr}`).toBe(expected);
          else expect(found, `${at}/${name} passes and is no known failure any more`).not.toBe(expected);
        }
      });
    }
  });
}

test('what is listed is in the data, once', () => {
  const listed = [...EXCLUDED.keys(), ...KNOWN_FAILURES.flatMap(({ cases }) => cases)];
  expect(listed.filter((name) => !seen.has(name))).toEqual([]);
  expect(listed).toHaveLength(new Set(listed).size);
});
