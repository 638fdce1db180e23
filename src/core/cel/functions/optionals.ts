import { type Environment, Optional } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { fail } from '../fault.ts';
import type { BoundScope, CheckedType, Checker, Evaluator, Macro, Scope, TreeNode } from '../tree.ts';
import { equal, isMap, mapSize, numeric } from '../value.ts';
import { define } from './define.ts';

/** What cel-go's library "OptionalTypes" has beside what the library brings: equality, ofNonZeroValue and two macros. */
export function registerOptionals(environment: Environment): void {
  environment.registerOperator('optional<dyn> == optional<dyn>', equal);
  define(environment, {
    'OptionalNamespace.ofNonZeroValue(A): optional<A>': (_namespace: object, value: unknown) =>
      isZero(value) ? Optional.none() : Optional.of(value),
  });
  const macros = {
    optMap: (value: unknown) => Optional.of(value),
    optFlatMap: (value: unknown) => (value instanceof Optional ? value : fail('optFlatMap() takes an optional')),
  };
  for (const [name, wrap] of Object.entries(macros)) {
    environment.registerFunction(
      `optional.${name}(ast, ast): optional<dyn>`,
      (call: MacroCall) => new OptionalMacro(name, wrap, call),
      { async: false },
    );
  }
}

const FIRST_TIMESTAMP_MS = -62_135_596_800_000;

/** The value that a type has where nothing was set (cel-go, `Zeroer`): the year 1 of timestamps, null of null. */
function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  const number = numeric(value);
  // biome-ignore lint/suspicious/noDoubleEquals: of a bigint and a number, == compares the exact values
  if (number !== undefined) return number == 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return value.seconds === 0n && value.nanos === 0;
  if (value instanceof Date) return value.getTime() === FIRST_TIMESTAMP_MS;
  if (value instanceof Optional) return !value.hasValue();
  return isMap(value) && mapSize(value) === 0;
}

interface MacroCall {
  readonly args: readonly TreeNode[];
  readonly receiver: TreeNode;
}

/** `o.optMap(x, e)`: e of the value that o holds, where it holds one. */
class OptionalMacro implements Macro {
  readonly async = false;
  private readonly wrap: (value: unknown) => Optional;
  private readonly receiver: TreeNode;
  private readonly variable: string;
  private readonly body: TreeNode;
  private scope: BoundScope | undefined;

  constructor(name: string, wrap: (value: unknown) => Optional, { args, receiver }: MacroCall) {
    const [variable, body] = args;
    if (variable?.op !== 'id' || body === undefined) fail(`the first argument of ${name} is the name of a variable`);
    this.wrap = wrap;
    this.receiver = receiver;
    this.variable = variable.args as string;
    this.body = body;
  }

  typeCheck(checker: Checker, _macro: unknown, scope: Scope): CheckedType {
    const type = checker.check(this.receiver, scope);
    if (type.kind !== 'optional' && type.kind !== 'dyn') {
      throw checker.createError('optional_expected', `a ${type.name} is no optional`, this.receiver);
    }
    this.scope = scope.forkWithVariable(this.variable, checker.getType('dyn'));
    checker.check(this.body, this.scope);
    return checker.getType('optional<dyn>');
  }

  evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
    const optional = evaluator.run(this.receiver, scope);
    if (!(optional instanceof Optional) || this.scope === undefined) return fail('only an optional has optMap()');
    if (!optional.hasValue()) return optional;
    const bound = this.scope.reuse(scope);
    bound.setIterValue(optional.value(), evaluator);
    return this.wrap(evaluator.run(this.body, bound));
  }
}
