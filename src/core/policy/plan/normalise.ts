import { type Operand, operation } from './operand.ts';

const ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ['R', 'request.resource'],
  ['P', 'request.principal'],
  ['G', 'globals'],
  ['C', 'constants'],
  ['V', 'variables'],
]);

/**
 * A filter's normal form (Cerbos planner, `normaliseFilter`): constants drop out of `and`, `or` and `not`, the same
 * operand stands once, `in` a list of one is `eq`, and variables have their long names.
 */
export function normalise(operand: Operand): Operand {
  if ('variable' in operand) return { variable: expand(operand.variable) };
  if ('value' in operand) return operand;
  const { operator, operands } = operand.expression;
  if (operator === 'in' && operands.length === 2) return normaliseIn(operands);
  if (operator === 'and' || operator === 'or') return normaliseLogic(operator, operands);
  const normal = operands.map(normalise);
  if (operator === 'not') {
    const constant = booleanOf(normal[0]);
    if (constant !== undefined) return { value: !constant };
  }
  return operation(operator, normal);
}

function normaliseLogic(operator: 'and' | 'or', operands: readonly Operand[]): Operand {
  const decisive = operator === 'or';
  const seen = new Set<string>();
  const kept: Operand[] = [];
  for (const operand of operands) {
    const normal = normalise(operand);
    const constant = booleanOf(normal);
    if (constant === decisive) return { value: decisive };
    const text = JSON.stringify(normal);
    if (constant === !decisive || seen.has(text)) continue;
    seen.add(text);
    kept.push(normal);
  }
  const [only] = kept;
  if (only === undefined) return { value: !decisive };
  return kept.length === 1 ? only : operation(operator, kept);
}

function normaliseIn([element, container]: readonly Operand[]): Operand {
  const operands = [element, container].flatMap((operand) => (operand === undefined ? [] : [normalise(operand)]));
  if (container === undefined || !('value' in container)) return operation('in', operands);
  const { value } = container;
  if (!Array.isArray(value)) return operation('eq', operands);
  const [first] = operands;
  const [only] = value;
  if (value.length === 0) return { value: false };
  if (first === undefined || only === undefined || value.length > 1) return operation('in', operands);
  return operation('eq', [first, { value: only }]);
}

function booleanOf(operand: Operand | undefined): boolean | undefined {
  return operand !== undefined && 'value' in operand && typeof operand.value === 'boolean' ? operand.value : undefined;
}

function expand(variable: string): string {
  const end = variable.indexOf('.');
  const root = end < 0 ? variable : variable.slice(0, end);
  const long = ABBREVIATIONS.get(root);
  return long === undefined ? variable : `${long}${end < 0 ? '' : variable.slice(end)}`;
}
