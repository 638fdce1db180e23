import type { Environment } from '@marcbachmann/cel-js';
import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import { createPolicyEnvironment, VARIABLES } from './environment.ts';
import { evaluateWith } from './evaluation.ts';
import { compileFast, type FastStep, Fault, UNSURE } from './fast-path.ts';
import { LimitReached, messageOf } from './fault.ts';
import { type Checked, parseExpression } from './parse.ts';
import { type Place, problemAt } from './place.ts';
import type { Bindings, CelOutcome, Host, Program } from './program.ts';
import { type Syntax, toSyntax } from './syntax.ts';
import { isUnknownInput } from './unknown.ts';

export interface CompileOptions {
  /** `bool`: a condition, whose type must be bool or depend on the data. `any`: a variable or an output. */
  readonly result: 'bool' | 'any';
  readonly place?: Place;
}

const environment = createPolicyEnvironment();

/**
 * Compiles a CEL expression of a policy, a delegation or a capability: cel-spec's language with the extensions that
 * Cerbos enables. Unknown variables and functions, wrong types, faulty patterns and exceeded bounds are problems
 * here, with their line and column, so that what is left for evaluation depends on the data.
 */
export function compileProgram(source: string, options: CompileOptions): Result<Program, Problem> {
  return compileIn(environment, source, options);
}

/** Compiles as `compileProgram` does, in an environment that may declare more variables than policies have. */
export function compileIn(scope: Environment, source: string, options: CompileOptions): Result<Program, Problem> {
  const checked = parseExpression(scope, source, options.place);
  if (!checked.ok) return checked;
  const { type, identifiers } = checked.value;
  if (options.result === 'bool' && type !== 'bool' && type !== 'dyn') {
    return err(
      problemAt(source, 0, options.place, { message: `the condition is a ${type}`, expected: 'true or false' }),
    );
  }
  return ok(toProgram(source, checked.value, new Set(VARIABLES.filter((name) => identifiers.has(name)))));
}

const TRUE: CelOutcome = { kind: 'value', value: true };
const FALSE: CelOutcome = { kind: 'value', value: false };
const STEPS_USED: CelOutcome = { kind: 'error', message: 'the decision took too many steps', limit: 'decisionSteps' };
const UNKNOWN: CelOutcome = { kind: 'unknown' };
const REENTERED: CelOutcome = { kind: 'error', message: 'the expression was evaluated from inside itself' };

function toProgram(source: string, checked: Checked, reads: ReadonlySet<string>): Program {
  const { cost } = checked;
  const fast = compileFast(checked.tree);
  // The library keeps the state of comprehensions in the tree: running twice at once would mix the two up.
  let running = false;
  let syntax: Syntax | undefined;
  return {
    source,
    reads,
    syntax: () => {
      syntax ??= toSyntax(checked.tree, source);
      return syntax;
    },
    run(bindings, host) {
      if (!host.budget.spend(cost)) return STEPS_USED;
      if (running) return REENTERED;
      if (host.unknowns !== undefined) host.unknowns.touched = false;
      running = true;
      try {
        return (fast === undefined ? undefined : runFast(fast, bindings)) ?? runWhole(checked, bindings, host);
      } finally {
        running = false;
      }
    },
  };
}

/** The outcome where the fast path is sure of it. */
function runFast(fast: FastStep, bindings: Bindings): CelOutcome | undefined {
  try {
    const value = fast(bindings);
    if (value === true) return TRUE;
    if (value === false) return FALSE;
    if (value === UNSURE) return undefined;
    return value instanceof Fault ? { kind: 'error', message: value.message } : { kind: 'value', value };
  } catch {
    // A getter of the bindings threw: whether the expression absorbs it is the library's to say.
    return undefined;
  }
}

function runWhole(checked: Checked, bindings: Bindings, host: Host): CelOutcome {
  try {
    const value = evaluateWith(host.budget, host, () => checked.evaluate(bindings));
    // An exhausted budget may have been absorbed by `||` on its way: the answer would rest on half a search.
    if (host.budget.exhausted) return STEPS_USED;
    if (value instanceof Promise || value === undefined)
      return { kind: 'error', message: 'the expression has no value' };
    return { kind: 'value', value };
  } catch (thrown) {
    if (host.budget.exhausted) return STEPS_USED;
    // Another error may have come out in place of the open input, which could still be what decides.
    if (isUnknownInput(thrown) || host.unknowns?.touched === true) return UNKNOWN;
    const message = messageOf(thrown);
    return thrown instanceof LimitReached
      ? { kind: 'error', message, limit: thrown.limit }
      : { kind: 'error', message };
  }
}
