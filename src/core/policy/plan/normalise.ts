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
  return normaliseOne(operand).normal;
}

interface Normalised {
  readonly normal: Operand;
  /**
   * What Cerbos compares to leave out repeated operands: an operation of which one operand is left counts as it was, so
   * `and(true, a)` does not repeat `a`.
   */
  readonly compared: Operand;
}

function normaliseOne(operand: Operand): Normalised {
  if ('variable' in operand) return same({ variable: expand(operand.variable) });
  if ('value' in operand) return same(operand);
  const { operator, operands } = operand.expression;
  if (operator === 'in' && operands.length === 2) return same(normaliseIn(operands));
  const normalised = operands.map(normaliseOne);
  if (operator === 'and' || operator === 'or') return normaliseLogic(operator, normalised);
  const constant = operator === 'not' ? booleanOf(normalised[0]?.normal) : undefined;
  if (constant !== undefined) return { normal: { value: !constant }, compared: asItWas(operator, normalised) };
  return same(
    operation(
      operator,
      normalised.map(({ normal }) => normal),
    ),
  );
}

function same(operand: Operand): Normalised {
  return { normal: operand, compared: operand };
}

function asItWas(operator: string, operands: readonly Normalised[]): Operand {
  return operation(
    operator,
    operands.map(({ compared }) => compared),
  );
}

function normaliseLogic(operator: 'and' | 'or', operands: readonly Normalised[]): Normalised {
  const decisive = operator === 'or';
  const compared = asItWas(operator, operands);
  const seen = new Set<string>();
  const kept: Operand[] = [];
  for (const one of operands) {
    const constant = booleanOf(one.normal);
    if (constant === decisive) return { normal: { value: decisive }, compared };
    const text = JSON.stringify(one.compared);
    if (constant === !decisive || seen.has(text)) continue;
    seen.add(text);
    kept.push(one.normal);
  }
  const [only] = kept;
  if (only === undefined) return { normal: { value: !decisive }, compared };
  return kept.length === 1 ? { normal: only, compared } : same(operation(operator, kept));
}

function normaliseIn(operands: readonly Operand[]): Operand {
  const [element, container] = operands.map(normalise);
  if (element === undefined || container === undefined) return operation('in', operands);
  if (!('value' in container)) return operation('in', [element, container]);
  const { value } = container;
  if (!Array.isArray(value)) return operation('eq', [element, container]);
  const [only] = value;
  if (only === undefined) return { value: false };
  return value.length > 1 ? operation('in', [element, container]) : operation('eq', [element, { value: only }]);
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
