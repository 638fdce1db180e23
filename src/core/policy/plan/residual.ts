import { type Call, type Comprehension, call, type Syntax } from '../../cel/syntax.ts';
import { bind, itemsOf } from './comprehension.ts';
import { ERROR, type Knowledge, type Partial } from './knowledge.ts';
import { evaluatePartially } from './partial.ts';

/** A quantifier over more elements than this stays one (Cerbos's own bound). */
const MOST_UNROLLED = 10;
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/**
 * What is left of a condition that depends on the resource, in the shape that Cerbos gives it (planner,
 * `evaluateUnknown`): the bodies of comprehensions are evaluated, a quantifier over known elements becomes their
 * disjunction or conjunction, and a look-up in a known map by an attribute becomes one case for each key.
 */
export function settle(residual: Syntax, knowledge: Knowledge): Partial {
  const settled = evaluateBodies(residual, knowledge);
  const cases = casesOf(settled, knowledge) ?? unrolled(settled, knowledge);
  if (cases === undefined) return { kind: 'unknown', residual: settled };
  return evaluatePartially(cases, knowledge);
}

/** Evaluates what is inside comprehensions, their variables unknown. */
function evaluateBodies(expression: Syntax, knowledge: Knowledge): Syntax {
  const inside = (part: Syntax): Syntax => evaluateBodies(part, knowledge);
  switch (expression.kind) {
    case 'literal':
    case 'variable':
    case 'unsupported':
      return expression;
    case 'select':
      return { ...expression, operand: inside(expression.operand) };
    case 'call': {
      const { target } = expression;
      const args = expression.args.map(inside);
      return target === undefined ? { ...expression, args } : { ...expression, target: inside(target), args };
    }
    case 'list':
      return { kind: 'list', elements: expression.elements.map(inside) };
    case 'map':
      return { kind: 'map', entries: expression.entries.map(([key, value]) => [inside(key), inside(value)]) };
    case 'comprehension':
      return evaluateBody(expression, knowledge);
  }
}

/** Of a filtered comprehension Cerbos evaluates the filter only, and nothing of `transformMap`. */
function evaluateBody(expression: Comprehension, knowledge: Knowledge): Comprehension {
  const inner = bind(knowledge, expression.variables, undefined);
  const evaluate = (part: Syntax): Syntax => {
    const partial = evaluatePartially(part, inner);
    if (partial.kind === 'error' && knowledge.thorough) return ERROR;
    return evaluateBodies(partial.residual, inner);
  };
  const { filter, body, macro } = expression;
  const evaluatesBody =
    knowledge.thorough || (filter === undefined && macro !== 'transformMap' && macro !== 'transformMapEntry');
  return {
    ...expression,
    range: evaluateBodies(expression.range, knowledge),
    ...(filter === undefined ? undefined : { filter: evaluate(filter) }),
    ...(body === undefined ? undefined : { body: evaluatesBody ? evaluate(body) : body }),
  };
}

/** `{k: v, …}[x] op c` and `c in {k: v, …}[x]`, also with a field of the entries, as `x == k && v op c || …`. */
function casesOf(expression: Syntax, { thorough }: Knowledge): Syntax | undefined {
  if (expression.kind !== 'call' || expression.target !== undefined) return undefined;
  const [left, right] = expression.args;
  if (left === undefined || right === undefined) return undefined;
  if (COMPARISONS.has(expression.name) && right.kind === 'literal') {
    const isSymmetric = expression.name === '==' || expression.name === '!=';
    return eachEntry(left, thorough, (value) =>
      isSymmetric ? call(expression.name, right, value) : call(expression.name, value, right),
    );
  }
  if (expression.name === 'in' && left.kind === 'literal') {
    return eachEntry(right, thorough, (value) => call('in', left, value));
  }
  return undefined;
}

function eachEntry(lookup: Syntax, thorough: boolean, toCase: (value: Syntax) => Call): Syntax | undefined {
  const field = lookup.kind === 'select' && !lookup.presence ? lookup.field : undefined;
  const indexed = field === undefined ? lookup : (lookup as { readonly operand: Syntax }).operand;
  const [map, key] = indexed.kind === 'call' && indexed.name === '[]' ? indexed.args : [];
  if (map?.kind !== 'map' || key?.kind !== 'select' || map.entries.length === 0) return undefined;
  const entries = map.entries.toSorted(([one], [other]) => compare(keyOf(one), keyOf(other)));
  const cases = entries.map(([name, value]) =>
    call(
      '&&',
      call('==', key, name),
      toCase(field === undefined ? value : { kind: 'select', operand: value, field, presence: false }),
    ),
  );
  if (!thorough) return inARow('||', cases);
  // A look-up of what is not in the map is an error.
  const keys: Syntax = { kind: 'list', elements: entries.map(([name]) => name) };
  return inARow('||', [...cases, call('&&', call('!_', call('in', key, keys)), ERROR)]);
}

function keyOf(key: Syntax): string {
  return key.kind === 'literal' && typeof key.value === 'string' ? key.value : '';
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `exists` and `all` over a few known elements. */
function unrolled(expression: Syntax, knowledge: Knowledge): Syntax | undefined {
  if (expression.kind !== 'comprehension' || expression.body === undefined) return undefined;
  const { macro, range, body, variables } = expression;
  if ((macro !== 'exists' && macro !== 'all') || !isWritten(range)) return undefined;
  const evaluated = evaluatePartially(range, knowledge);
  const items = evaluated.kind === 'known' ? itemsOf(evaluated.value, variables.length) : undefined;
  if (items === undefined || items.length === 0 || items.length > MOST_UNROLLED) return undefined;
  const parts = items.map((item) => {
    const part = evaluatePartially(body, bind(knowledge, variables, item));
    return part.kind === 'error' && knowledge.thorough ? ERROR : part.residual;
  });
  return inARow(macro === 'exists' ? '||' : '&&', parts);
}

/** A list or map whose every part is a literal. */
function isWritten(expression: Syntax): boolean {
  if (expression.kind === 'literal') return true;
  if (expression.kind === 'list') return expression.elements.every(isWritten);
  return expression.kind === 'map' && expression.entries.flat().every(isWritten);
}

/** `a || (b || (c || …))`. */
export function inARow(operator: string, parts: readonly Syntax[]): Syntax {
  const last = parts.at(-1) ?? { kind: 'literal', value: operator === '&&' };
  return parts.slice(0, -1).reduceRight<Syntax>((rest, part) => call(operator, part, rest), last);
}
