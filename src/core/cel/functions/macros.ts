import type { Environment } from '@marcbachmann/cel-js';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import type { BoundScope, CheckedType, Checker, Evaluator, Macro, Scope, TreeNode } from '../tree.ts';
import { isMap, mapGet } from '../value.ts';

interface MacroCall {
  readonly args: readonly TreeNode[];
  readonly receiver: TreeNode;
}

type Entry = readonly [key: unknown, value: unknown];

/** Runs the macro's arguments, in order, with the two variables bound to one entry. */
type RunArgument = (index: number) => unknown;

interface TwoVariableForm {
  /** `exists(ast, ast, ast): bool` */
  readonly signature: string;
  readonly evaluate: (entries: readonly Entry[], bind: (entry: Entry) => void, run: RunArgument) => unknown;
}

/** cel-go's extension library "TwoVarComprehensions", which Cerbos enables. */
const FORMS: readonly TwoVariableForm[] = [
  { signature: 'all(ast, ast, ast): bool', evaluate: (...call) => quantify(...call, false) },
  { signature: 'exists(ast, ast, ast): bool', evaluate: (...call) => quantify(...call, true) },
  { signature: 'existsOne(ast, ast, ast): bool', evaluate: existsOne },
  { signature: 'exists_one(ast, ast, ast): bool', evaluate: existsOne },
  {
    signature: 'transformList(ast, ast, ast): list<dyn>',
    evaluate: (entries, bind, run) =>
      entries.map((entry) => {
        bind(entry);
        return run(0);
      }),
  },
  {
    signature: 'transformList(ast, ast, ast, ast): list<dyn>',
    evaluate: (entries, bind, run) =>
      entries.flatMap((entry) => {
        bind(entry);
        return bool(run(0)) ? [run(1)] : [];
      }),
  },
  {
    signature: 'transformMap(ast, ast, ast): map<dyn, dyn>',
    evaluate: (entries, bind, run) =>
      new Map(
        entries.map((entry) => {
          bind(entry);
          return [entry[0], run(0)];
        }),
      ),
  },
  {
    signature: 'transformMap(ast, ast, ast, ast): map<dyn, dyn>',
    evaluate: (entries, bind, run) =>
      new Map(
        entries.flatMap((entry) => {
          bind(entry);
          return bool(run(0)) ? [[entry[0], run(1)] as const] : [];
        }),
      ),
  },
];

/** The macros with two variables, by the name that nesting is counted under (see lint.ts). */
export const TWO_VARIABLE_MACROS = new Set(FORMS.map((form) => form.signature.slice(0, form.signature.indexOf('('))));

export function registerTwoVariableMacros(environment: Environment): void {
  for (const form of FORMS) {
    environment.registerFunction(`list.${form.signature}`, (call: MacroCall) => new TwoVariableMacro(form, call), {
      async: false,
    });
  }
}

class TwoVariableMacro implements Macro {
  readonly async = false;
  private readonly form: TwoVariableForm;
  private readonly receiver: TreeNode;
  private readonly keyName: string;
  private readonly valueName: string;
  private readonly bodies: readonly TreeNode[];
  private scopes: { readonly key: BoundScope; readonly value: BoundScope } | undefined;

  constructor(form: TwoVariableForm, { args, receiver }: MacroCall) {
    const [key, value, ...bodies] = args;
    if (key?.op !== 'id' || value?.op !== 'id') fail('the first two arguments of this macro are names of variables');
    this.form = form;
    this.receiver = receiver;
    this.keyName = key.args as string;
    this.valueName = value.args as string;
    this.bodies = bodies;
  }

  typeCheck(checker: Checker, _macro: unknown, scope: Scope): CheckedType {
    const range = checker.check(this.receiver, scope);
    const dyn = checker.getType('dyn');
    if (range.kind !== 'list' && range.kind !== 'map' && range.kind !== 'dyn') {
      throw checker.createError(
        'invalid_comprehension_range',
        `a ${range.name} has no elements to go over`,
        this.receiver,
      );
    }
    const key = scope.forkWithVariable(this.keyName, range.kind === 'list' ? checker.getType('int') : dyn);
    const value = key.forkWithVariable(this.valueName, range.valueType ?? dyn);
    this.scopes = { key, value };
    for (const body of this.bodies) checker.check(body, value);
    return checker.getType(this.form.signature.slice(this.form.signature.indexOf(': ') + 2));
  }

  evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
    const scopes = this.scopes;
    if (scopes === undefined) return fail('the macro was not checked');
    const entries = entriesOf(evaluator.run(this.receiver, scope));
    const key = scopes.key.reuse(scope);
    const value = scopes.value.reuse(key);
    const bind = (entry: Entry) => {
      spend(1 + this.bodies.length);
      key.setIterValue(entry[0], evaluator);
      value.setIterValue(entry[1], evaluator);
    };
    return this.form.evaluate(entries, bind, (index) => {
      const body = this.bodies[index];
      return body === undefined ? undefined : evaluator.run(body, value);
    });
  }
}

function entriesOf(range: unknown): readonly Entry[] {
  if (Array.isArray(range)) {
    spend(range.length >> 3);
    return range.map((element, index) => [BigInt(index), element]);
  }
  if (!isMap(range)) return fail('only lists and maps have elements to go over');
  const keys = range instanceof Map ? [...range.keys()] : Object.keys(range);
  spend(keys.length);
  return keys.map((key) => [key, mapGet(range, key)]);
}

/** As `||` and `&&` do: the decisive value wins over errors of other elements. */
function quantify(
  entries: readonly Entry[],
  bind: (entry: Entry) => void,
  run: RunArgument,
  decisive: boolean,
): boolean {
  let thrown: { readonly error: unknown } | undefined;
  for (const entry of entries) {
    bind(entry);
    try {
      if (bool(run(0)) === decisive) return decisive;
    } catch (error) {
      thrown ??= { error };
    }
  }
  if (thrown !== undefined) throw thrown.error;
  return !decisive;
}

function existsOne(entries: readonly Entry[], bind: (entry: Entry) => void, run: RunArgument): boolean {
  let count = 0;
  for (const entry of entries) {
    bind(entry);
    if (bool(run(0))) count += 1;
  }
  return count === 1;
}

function bool(value: unknown): boolean {
  return typeof value === 'boolean' ? value : fail('the predicate of a macro is neither true nor false');
}

/**
 * `has(e.f)` for any `e`; the library's own takes nothing but a chain of names, not `has(R.attr["a-b"].c)`. A key
 * whose value is null is there (cel-spec, langdef "Field Selection").
 */
export class HasMacro implements Macro {
  readonly async = false;
  private readonly operand: TreeNode;
  private readonly field: string;

  constructor(operand: TreeNode, field: string) {
    this.operand = operand;
    this.field = field;
  }

  typeCheck(checker: Checker, _macro: unknown, scope: Scope): CheckedType {
    const type = checker.check(this.operand, scope);
    if (type.kind !== 'dyn' && type.kind !== 'map') {
      throw checker.createError(
        'invalid_macro_argument',
        `has() asks for a key, and a ${type.name} has none`,
        this.operand,
      );
    }
    return checker.getType('bool');
  }

  evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): boolean {
    const container = evaluator.run(this.operand, scope);
    if (!isMap(container)) return fail(`has() asks for the key ${this.field} of something that is not a map`);
    return mapGet(container, this.field) !== undefined;
  }
}
