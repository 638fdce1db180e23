import type { Comprehension, Syntax } from '../../cel/syntax.ts';
import { toJson } from '../../cel/to-json.ts';
import type { Json } from '../../entity.ts';
import type { PlanNode } from './node.ts';
import { normalise } from './normalise.ts';
import { type Operand, operation } from './operand.ts';

/** A query plan's filter, as Cerbos answers it (API, "PlanResources"). */
export type PlanFilter =
  | { readonly kind: 'always_allowed' | 'always_denied' }
  | { readonly kind: 'conditional'; readonly condition: Operand };

/** CEL's operators by the names that filters have for them. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['==', 'eq'],
  ['!=', 'ne'],
  ['<', 'lt'],
  ['<=', 'le'],
  ['>', 'gt'],
  ['>=', 'ge'],
  ['in', 'in'],
  ['+', 'add'],
  ['-', 'sub'],
  ['*', 'mult'],
  ['/', 'div'],
  ['%', 'mod'],
  ['[]', 'index'],
  ['&&', 'and'],
  ['||', 'or'],
  ['!_', 'not'],
  ['?:', 'if'],
  ['math.greatest', 'math.@max'],
  ['math.least', 'math.@min'],
]);

/** What cannot be said in a filter. */
export class Inexpressible extends Error {}

/** The filter of a plan. Throws `Inexpressible`. */
export function toFilter(node: PlanNode): PlanFilter {
  const condition = normalise(operandOf(node));
  if ('value' in condition && typeof condition.value === 'boolean') {
    return { kind: condition.value ? 'always_allowed' : 'always_denied' };
  }
  return { kind: 'conditional', condition };
}

/** All of several filters, in the order of their texts (Cerbos orders them so). */
export function allOf(filters: readonly PlanFilter[]): PlanFilter {
  const conditions = new Map<string, Operand>();
  for (const filter of filters) {
    if (filter.kind === 'always_denied') return filter;
    if (filter.kind === 'conditional') conditions.set(toText(filter), filter.condition);
  }
  const ordered = [...conditions].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one);
  const [only] = ordered;
  if (only === undefined) return { kind: 'always_allowed' };
  return { kind: 'conditional', condition: ordered.length === 1 ? only : operation('and', ordered) };
}

/** A filter as Cerbos's `filterDebug` writes it: `(and (eq request.resource.attr.a 1) request.resource.attr.b)`. */
export function toText(filter: PlanFilter): string {
  if (filter.kind !== 'conditional') return filter.kind === 'always_allowed' ? '(true)' : '(false)';
  return operandText(filter.condition);
}

function operandText(operand: Operand): string {
  if ('variable' in operand) return operand.variable;
  if ('value' in operand) return JSON.stringify(operand.value);
  const { operator, operands } = operand.expression;
  return `(${operator} ${operands.map(operandText).join(' ')})`;
}

function operandOf(node: PlanNode): Operand {
  return node.kind === 'condition' ? toOperand(node.expression) : operation(node.kind, node.of.map(operandOf));
}

function toOperand(expression: Syntax): Operand {
  switch (expression.kind) {
    case 'literal':
      return { value: constant(expression.value) };
    case 'variable':
      return { variable: expression.name };
    case 'select':
      return toSelection(expression);
    case 'call':
      if (expression.name === 'related') {
        throw new Inexpressible('related() asks the graph about each resource, which has no form in a query plan');
      }
      return toOperation(expression.name, expression.target, expression.args);
    case 'list':
      return expression.elements.every((element) => element.kind === 'literal')
        ? { value: expression.elements.map((element) => constant(element.value)) }
        : operation('list', expression.elements.map(toOperand));
    case 'map':
      return operation(
        'struct',
        expression.entries.map(([key, value]) => operation('set-field', [toOperand(key), toOperand(value)])),
      );
    case 'comprehension':
      return toLambda(expression);
    case 'unsupported':
      throw new Inexpressible(`${expression.what} have no form in a query plan`);
  }
}

/** Numbers of every kind are JSON numbers in a filter. */
function constant(value: unknown): Json {
  return typeof value === 'bigint' ? Number(value) : toJson(value);
}

function toSelection(expression: Syntax & { readonly kind: 'select' }): Operand {
  // A filter has no question for the presence of an attribute. Cerbos takes it to be there.
  if (expression.presence) return { value: true };
  const path = pathOf(expression);
  if (path !== undefined) return { variable: path };
  return operation('get-field', [toOperand(expression.operand), { variable: expression.field }]);
}

function pathOf(expression: Syntax): string | undefined {
  if (expression.kind === 'variable') return expression.name;
  if (expression.kind !== 'select' || expression.presence) return undefined;
  const before = pathOf(expression.operand);
  return before === undefined ? undefined : `${before}.${expression.field}`;
}

function toOperation(name: string, target: Syntax | undefined, args: readonly Syntax[]): Operand {
  const operands = [...(target === undefined ? [] : [target]), ...args].map((operand, at) =>
    // Whether something is in a map is whether it is one of the keys.
    name === 'in' && at === 1 && operand.kind === 'map' ? keysOf(operand) : toOperand(operand),
  );
  return operation(OPERATORS.get(name) ?? name, operands);
}

function keysOf(map: Syntax & { readonly kind: 'map' }): Operand {
  const keys = map.entries.map(([key]) => key);
  const text = (key: Syntax): string => JSON.stringify(toOperand(key));
  const elements = keys.toSorted((left, right) => (text(left) < text(right) ? -1 : 1));
  return toOperand({ kind: 'list', elements });
}

/** `(exists range (lambda body x))`; a filtered comprehension's lambda has the filter before the body. */
function toLambda(expression: Comprehension): Operand {
  const { filter, body, range, variables } = expression;
  const operator = operatorOf(expression);
  const parts = operator === 'filter' ? [filter] : [filter, body];
  const lambda = operation('lambda', [
    ...parts.flatMap((part) => (part === undefined ? [] : [toOperand(part)])),
    ...variables.map((variable) => ({ variable })),
  ]);
  const takesMaps = operator.startsWith('transform');
  return operation(operator, [range.kind === 'map' && !takesMaps ? keysOf(range) : toOperand(range), lambda]);
}

function operatorOf({ macro, filter, variables }: Comprehension): string {
  return macro === 'map' && filter !== undefined && variables.length === 1 ? 'transformList' : macro;
}
