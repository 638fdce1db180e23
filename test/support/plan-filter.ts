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
