import { boolean, call, type Syntax } from '../../cel/syntax.ts';
import { ERROR, NEVER } from './knowledge.ts';
import { constantOf, FALSE, type PlanNode, TRUE } from './node.ts';

/** `allow`: a filter may not hold where the condition does not. `deny`: it must hold wherever the condition does. */
export type Sense = 'allow' | 'deny';

/**
 * What a filter cannot say, on the safe side (`strict`). Errors count against the request. Filters have no question for
 * presence: that an attribute is there is said as `ne null`, that it is not cannot be relied on.
 */
export function approximate(node: PlanNode, sense: Sense): PlanNode {
  if (node.kind === 'condition') {
    const expression = safe(node.expression, sense);
    return expression === undefined ? (sense === 'allow' ? FALSE : TRUE) : { kind: 'condition', expression };
  }
  const inner = node.kind === 'not' ? opposite(sense) : sense;
  const of = node.of.map((operand) => approximate(operand, inner));
  if (node.kind === 'not') {
    const constant = constantOf(of[0]);
    if (constant !== undefined) return constant ? FALSE : TRUE;
    return { kind: 'not', of };
  }
  const decisive = node.kind === 'or';
  if (of.some((operand) => constantOf(operand) === decisive)) return decisive ? TRUE : FALSE;
  const open = of.filter((operand) => constantOf(operand) === undefined);
  const [only] = open;
  if (only === undefined) return decisive ? FALSE : TRUE;
  return open.length === 1 ? only : { kind: node.kind, of: open };
}

export function opposite(sense: Sense): Sense {
  return sense === 'allow' ? 'deny' : 'allow';
}

/** The expression with what is unsafe replaced, or undefined where nothing can be kept of it. */
function safe(expression: Syntax, sense: Sense): Syntax | undefined {
  const constant = boolean(sense === 'deny');
  if (expression === ERROR) return undefined;
  if (expression.kind === 'select' && expression.presence) {
    const { operand, field } = expression;
    if (sense === 'deny' || !isPlain(operand)) return constant;
    return isPresent({ kind: 'select', operand, field, presence: false });
  }
  if (expression.kind === 'call' && expression.target === undefined) {
    const [first, second] = expression.args;
    if (expression.name === NEVER && first !== undefined) {
      return sense === 'allow' || !isAttribute(first) ? constant : call('!_', isPresent(first));
    }
    if ((expression.name === '&&' || expression.name === '||') && first !== undefined && second !== undefined) {
      return logical(expression.name, safe(first, sense) ?? constant, safe(second, sense) ?? constant);
    }
    if (expression.name === '!_' && first !== undefined) {
      const inner = safe(first, opposite(sense)) ?? boolean(sense === 'allow');
      if (inner.kind === 'literal' && typeof inner.value === 'boolean') return boolean(!inner.value);
      return call('!_', inner);
    }
  }
  if (expression.kind === 'comprehension' && expression.body !== undefined && isPlain(expression.range)) {
    const body = safe(expression.body, sense);
    const isQuantifier = expression.macro === 'all' || expression.macro === 'exists';
    if (isQuantifier && body !== undefined) return { ...expression, body };
  }
  return isPlain(expression) ? expression : undefined;
}

/** An attribute or a part of it. */
function isAttribute(expression: Syntax): boolean {
  return expression.kind === 'variable' || (expression.kind === 'select' && isAttribute(expression.operand));
}

function isPresent(attribute: Syntax): Syntax {
  return call('!=', attribute, { kind: 'literal', value: null });
}

function logical(operator: '&&' | '||', left: Syntax, right: Syntax): Syntax {
  const decisive = operator === '||';
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (one.kind === 'literal' && typeof one.value === 'boolean') return one.value === decisive ? one : other;
  }
  return call(operator, left, right);
}

/** Whether a filter says exactly what an expression does: nothing in it is in error, asks for presence or chooses. */
function isPlain(expression: Syntax): boolean {
  if (expression === ERROR) return false;
  switch (expression.kind) {
    case 'literal':
    case 'variable':
      return true;
    case 'unsupported':
      return true; // refused as a whole: there is no filter
    case 'select':
      return !expression.presence && isPlain(expression.operand);
    case 'call':
      // A conditional whose condition has no value takes its second branch in most query languages.
      if (expression.name === '?:' || expression.name === NEVER) return false;
      return [...(expression.target === undefined ? [] : [expression.target]), ...expression.args].every(isPlain);
    case 'list':
      return expression.elements.every(isPlain);
    case 'map':
      return expression.entries.flat().every(isPlain);
    case 'comprehension':
      return [expression.range, expression.filter, expression.body].every(
        (part) => part === undefined || isPlain(part),
      );
  }
}
