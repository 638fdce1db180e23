import { createPolicyEnvironment } from './environment.ts';
import { evaluateWith } from './evaluation.ts';
import { LimitReached, messageOf } from './fault.ts';
import { type Checked, parseExpression } from './parse.ts';
import type { Host, KnownOutcome } from './program.ts';

const INFIX = new Set(['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'in']);
/** No function takes more arguments, its receiver included. */
const MOST_ARGUMENTS = 12;

const environment = createPolicyEnvironment();
for (let at = 0; at < MOST_ARGUMENTS; at += 1) environment.registerVariable(`a${at}`, 'dyn');

/** By source. Sources have an operation's name and its arity in them, so there are no more than policies use. */
const operations = new Map<string, Checked | undefined>();

/**
 * Applies one operator or function to values, exactly as an expression would: by letting the library evaluate a small
 * expression of it. The first of `values` is the receiver of a member function.
 */
export function applyOperation(name: string, member: boolean, values: readonly unknown[], host: Host): KnownOutcome {
  return evaluate(sourceOf(name, member, values.length), values, host);
}

/** What a name means that is no variable: `int` in `type(x) == int`. */
export function evaluateName(name: string, host: Host): KnownOutcome {
  return evaluate(name, [], host);
}

function sourceOf(name: string, member: boolean, arity: number): string {
  const names = Array.from({ length: arity }, (_, at) => `a${at}`);
  const [first, second] = names;
  if (name === '[]') return `${first}[${second}]`;
  if (name === '!_') return `!${first}`;
  if (name === '-_') return `-${first}`;
  if (INFIX.has(name)) return `${first} ${name} ${second}`;
  return member ? `${first}.${name}(${names.slice(1).join(', ')})` : `${name}(${names.join(', ')})`;
}

function evaluate(source: string, values: readonly unknown[], host: Host): KnownOutcome {
  const known = operations.get(source) ?? compile(source);
  if (known === undefined) return { kind: 'error', message: `there is no ${source}` };
  if (!host.budget.spend(known.cost)) return STEPS_USED;
  const variables = Object.fromEntries(values.map((value, at) => [`a${at}`, value]));
  try {
    const value = evaluateWith(host.budget, host, () => known.evaluate(variables));
    if (host.budget.exhausted) return STEPS_USED;
    if (value === undefined || value instanceof Promise) return { kind: 'error', message: `${source} has no value` };
    return { kind: 'value', value };
  } catch (thrown) {
    const message = messageOf(thrown);
    return thrown instanceof LimitReached
      ? { kind: 'error', message, limit: thrown.limit }
      : { kind: 'error', message };
  }
}

const STEPS_USED: KnownOutcome = { kind: 'error', message: 'the plan took too many steps', limit: 'decisionSteps' };

function compile(source: string): Checked | undefined {
  const parsed = parseExpression(environment, source);
  const checked = parsed.ok ? parsed.value : undefined;
  operations.set(source, checked);
  return checked;
}
