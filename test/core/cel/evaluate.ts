import { compileProgram } from '../../../src/core/cel/compile.ts';
import type { Bindings, CelOutcome, Host } from '../../../src/core/cel/program.ts';
import { toJson } from '../../../src/core/cel/to-json.ts';
import { Budget } from '../../../src/core/limits.ts';
import { formatProblem } from '../../../src/core/problem.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

export function hostWith(changes: Partial<Host> = {}): Host {
  return { now: NOW, related: () => ({ kind: 'no' }), budget: new Budget(), ...changes };
}

const P = {
  id: 'ann',
  type: 'user',
  entity: 'user:ann',
  roles: ['employee'],
  attr: { department: 'sales', limit: 100 },
};
const R = {
  kind: 'doc',
  id: '1',
  entity: 'doc:1',
  attr: {
    amount: 7,
    half: 0.5,
    department: 'sales',
    tags: ['a', 'b'],
    none: null,
    args: { amount: 5, path: '/srv/x' },
    open: true,
    'dash-ed': { key: 1 },
  },
};

export function bindingsWith(changes: { readonly [name: string]: unknown } = {}): Bindings {
  const principal = 'P' in changes ? changes.P : P;
  const resource = 'R' in changes ? changes.R : R;
  return {
    request: { principal, resource, action: 'read', context: {}, auxData: {} },
    P: principal,
    R: resource,
    D: { origin: 'user:ann', actor: 'agent:bot', path: ['user:ann', 'agent:bot'], depth: 1 },
    V: {},
    variables: {},
    C: {},
    constants: {},
    G: { my_map: { foo: 'ab' } },
    globals: {},
    runtime: { effectiveDerivedRoles: ['owner'] },
    ...changes,
  } as Bindings;
}

export function outcomeOf(source: string, bindings = bindingsWith(), host = hostWith()): CelOutcome {
  const program = compileProgram(source, { result: 'any' });
  if (!program.ok) throw new Error(formatProblem(program.error));
  return program.value.run(bindings, host);
}

/** The value as JSON, `error: …`, or `unknown`; what does not compile throws. */
export function evaluate(source: string, bindings = bindingsWith(), host = hostWith()): unknown {
  const outcome = outcomeOf(source, bindings, host);
  if (outcome.kind === 'unknown') return 'unknown';
  return outcome.kind === 'value' ? toJson(outcome.value) : `error: ${outcome.message}`;
}

/** What is wrong with an expression, or undefined if it compiles. */
export function problemOf(source: string, result: 'bool' | 'any' = 'any'): string | undefined {
  const program = compileProgram(source, { result, place: { file: 'p.yaml', line: 10, column: 5 } });
  return program.ok ? undefined : formatProblem(program.error);
}
