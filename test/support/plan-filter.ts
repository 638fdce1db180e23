import { applyOperation } from '../../src/core/cel/apply.ts';
import type { Host } from '../../src/core/cel/program.ts';
import type { Json } from '../../src/core/entity.ts';
import type { Operand } from '../../src/core/policy/plan/operand.ts';

/** A filter as text in which nothing depends on an order that means nothing: of `and`, `or`, and of a map's fields. */
export function canonical(operand: Operand): string {
  if ('variable' in operand) return operand.variable;
  if ('value' in operand) return valueText(operand.value);
  const { operator, operands } = operand.expression;
  const parts = operands.map(canonical);
  if (['and', 'or', 'struct'].includes(operator)) parts.sort();
  return `(${[operator, ...parts].join(' ')})`;
}

function valueText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}:${valueText(inner)}`)
    .sort()
    .join(',')}}`;
}

const CEL_NAMES: ReadonlyMap<string, string> = new Map([
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['add', '+'],
  ['sub', '-'],
  ['mult', '*'],
  ['div', '/'],
  ['mod', '%'],
  ['index', '[]'],
]);
const GLOBAL = new Set([
  'size',
  'timestamp',
  'duration',
  'hierarchy',
  'string',
  'int',
  'double',
  'dyn',
  'hasIntersection',
  'intersect',
]);

/**
 * Whether a filter selects a resource, in three-valued logic: what is missing is null, and so is what is computed of a
 * null or fails. Only true selects.
 */
export function selects(
  condition: Operand,
  resource: { readonly id: string; readonly attr: object },
  host: Host,
): boolean {
  const root = { request: { resource: { ...resource } } };
  return evaluate(condition, new Map<string, unknown>(Object.entries(root)), host) === true;
}

type Scope = ReadonlyMap<string, unknown>;

function evaluate(operand: Operand, scope: Scope, host: Host): unknown {
  if ('value' in operand) return operand.value;
  if ('variable' in operand) return lookUp(operand.variable, scope);
  const { operator, operands } = operand.expression;
  const [first, second] = operands;
  if (operator === 'and' || operator === 'or') return logic(operator, operands, scope, host);
  if (first === undefined) return operator === 'list' ? [] : operator === 'struct' ? {} : null;
  if (second !== undefined && 'expression' in second && second.expression.operator === 'lambda') {
    return comprehension(operator, evaluate(first, scope, host), second.expression.operands, scope, host);
  }
  if (operator === 'get-field' && second !== undefined && 'variable' in second) {
    return member(evaluate(first, scope, host), second.variable);
  }
  const values = operands.map((one) => evaluate(one, scope, host));
  if (operator === 'set-field') return values.includes(null) ? null : values;
  if (operator === 'ne' && values[1] === null && second !== undefined && 'value' in second) return values[0] !== null;
  if (values.includes(null)) return null;
  if (operator === 'not') return typeof values[0] === 'boolean' ? !values[0] : null;
  if (operator === 'list') return values;
  if (operator === 'struct') return Object.fromEntries(values as [string, unknown][]);
  const outcome = applyOperation(CEL_NAMES.get(operator) ?? operator, isMember(operator), values, host);
  return outcome.kind === 'value' ? outcome.value : null;
}

function isMember(operator: string): boolean {
  return /^[a-z]/i.test(operator) && !CEL_NAMES.has(operator) && operator !== 'in' && !GLOBAL.has(operator);
}

function logic(operator: 'and' | 'or', operands: readonly Operand[], scope: Scope, host: Host): unknown {
  const decisive = operator === 'or';
  const values = operands.map((one) => evaluate(one, scope, host));
  if (values.includes(decisive)) return decisive;
  return values.every((value) => value === !decisive) ? !decisive : null;
}

function lookUp(path: string, scope: Scope): unknown {
  const [root = '', ...fields] = path.split('.');
  return fields.reduce<unknown>(member, scope.get(root) ?? null);
}

function member(container: unknown, field: string): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, field)) return null;
  return (container as { readonly [name: string]: unknown })[field] ?? null;
}

/** With one variable; of the elements of a list or the keys of a map. */
function comprehension(
  operator: string,
  range: unknown,
  lambda: readonly Operand[],
  scope: Scope,
  host: Host,
): unknown {
  const [body, variable] = lambda;
  if (typeof range !== 'object' || range === null || body === undefined || variable === undefined) return null;
  if (!('variable' in variable)) return null;
  const items: readonly unknown[] = Array.isArray(range) ? range : Object.keys(range);
  const values = items.map((item) => evaluate(body, new Map([...scope, [variable.variable, item]]), host));
  switch (operator) {
    case 'exists':
      return values.includes(true) ? true : values.every((value) => value === false) ? false : null;
    case 'all':
      return values.includes(false) ? false : values.every((value) => value === true) ? true : null;
    case 'exists_one':
      return values.includes(null) ? null : values.filter((value) => value === true).length === 1;
    case 'filter':
      return values.includes(null) ? null : items.filter((_, at) => values[at] === true);
    case 'map':
      return values.includes(null) ? null : values;
    default:
      return null;
  }
}
