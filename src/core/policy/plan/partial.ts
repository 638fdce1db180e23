import { applyOperation, evaluateName } from '../../cel/apply.ts';
import { type Call, call, type Select, type Syntax } from '../../cel/syntax.ts';
import { isMap, mapGet } from '../../cel/value.ts';
import { evaluateComprehension } from './comprehension.ts';
import { ERROR, failed, type Knowledge, known, NEVER, type Partial } from './knowledge.ts';

/** Partial evaluation as cel-go does it with unknown attributes (interpreter, `PartialActivation` and `PruneAst`). */
export function evaluatePartially(expression: Syntax, knowledge: Knowledge): Partial {
  if (!knowledge.host.budget.spend(1)) return failed('the plan took too many steps', ERROR);
  switch (expression.kind) {
    case 'literal':
      return { kind: 'known', value: expression.value, residual: expression };
    case 'variable':
      return evaluateVariable(expression.name, expression, knowledge);
    case 'unsupported':
      return { kind: 'unknown', residual: expression };
    case 'select':
      return evaluateSelect(expression, knowledge);
    case 'call':
      return evaluateCall(expression, knowledge);
    case 'list':
      return evaluateList(expression, knowledge);
    case 'map':
      return evaluateMap(expression, knowledge);
    case 'comprehension':
      return evaluateComprehension(expression, knowledge, evaluatePartially);
  }
}

function evaluateVariable(name: string, expression: Syntax, knowledge: Knowledge): Partial {
  if (knowledge.locals.has(name)) {
    const local = knowledge.locals.get(name);
    return local === undefined ? { kind: 'unknown', residual: expression } : known(local.value, expression);
  }
  if (name === 'R' || name === 'request') return { kind: 'unknown', residual: expression };
  if (Object.hasOwn(knowledge.roots, name)) return known(knowledge.roots[name], expression);
  const outcome = evaluateName(name, knowledge.host);
  return outcome.kind === 'value' ? known(outcome.value, expression) : failed(outcome.message, expression);
}

function evaluateSelect(expression: Select, knowledge: Knowledge): Partial {
  const { field, presence } = expression;
  if (isAttributeOfResource(expression.operand, knowledge)) return attribute(expression, field, presence, knowledge);
  if (isResource(expression.operand, knowledge) && Object.hasOwn(knowledge.resource, field)) {
    return known(presence ? true : knowledge.resource[field], expression);
  }
  if (isFree(expression.operand, 'request', knowledge)) {
    if (field === 'resource') return { kind: 'unknown', residual: expression };
    return selectFrom(knowledge.request, expression, expression);
  }
  const operand = evaluatePartially(expression.operand, knowledge);
  if (operand.kind === 'unknown' || operand.kind === 'error') {
    const residual = { ...expression, operand: operand.residual };
    return operand.kind === 'unknown' ? { kind: 'unknown', residual } : failed(operand.message, residual);
  }
  return selectFrom(operand.value, expression, inResource(expression, { ...expression, operand: operand.residual }));
}

/** Below a known attribute of the resource, what fails stays as it was written: the resource may yet have it. */
function inResource(expression: Syntax, evaluated: Syntax): Syntax {
  return rootOf(expression) === 'R' || isRequestResource(expression) ? expression : evaluated;
}

function selectFrom(container: unknown, expression: Select, residual: Syntax): Partial {
  const { field, presence } = expression;
  if (!isMap(container)) return failed(`there is no field ${field} in something that is not a map`, residual);
  const value = mapGet(container, field);
  if (presence) return known(value !== undefined, residual);
  return value === undefined ? failed(`No such key: ${field}`, residual) : known(value, residual);
}

/** An attribute of the resource: the one given, or unknown. */
function attribute(expression: Syntax, name: string, presence: boolean, knowledge: Knowledge): Partial {
  if (!Object.hasOwn(knowledge.attributes, name)) return { kind: 'unknown', residual: expression };
  // Cerbos asks for the presence of an attribute that it knows and gets the attribute.
  return known(presence && knowledge.thorough ? true : knowledge.attributes[name], expression);
}

/** `R` or `request.resource`. */
function isResource(expression: Syntax, knowledge: Knowledge): boolean {
  if (isFree(expression, 'R', knowledge)) return true;
  return (
    expression.kind === 'select' &&
    expression.field === 'resource' &&
    isFree(expression.operand, 'request', knowledge) &&
    !expression.presence
  );
}

function isAttributeOfResource(expression: Syntax, knowledge: Knowledge): boolean {
  return (
    expression.kind === 'select' &&
    expression.field === 'attr' &&
    !expression.presence &&
    isResource(expression.operand, knowledge)
  );
}

function isFree(expression: Syntax, name: string, knowledge: Knowledge): boolean {
  return expression.kind === 'variable' && expression.name === name && !knowledge.locals.has(name);
}

/** The variable that a chain of selections and look-ups starts from. */
function rootOf(expression: Syntax): string | undefined {
  if (expression.kind === 'variable') return expression.name;
  if (expression.kind === 'select') return rootOf(expression.operand);
  const [container] = expression.kind === 'call' && expression.name === '[]' ? expression.args : [];
  return container === undefined ? undefined : rootOf(container);
}

function isRequestResource(expression: Syntax): boolean {
  if (expression.kind === 'select') {
    const { operand, field } = expression;
    return (
      (operand.kind === 'variable' && operand.name === 'request' && field === 'resource') || isRequestResource(operand)
    );
  }
  const [container] = expression.kind === 'call' && expression.name === '[]' ? expression.args : [];
  return container !== undefined && isRequestResource(container);
}

function evaluateCall(expression: Call, knowledge: Knowledge): Partial {
  const [first, second, third] = expression.args;
  if (first !== undefined && second !== undefined && expression.target === undefined) {
    switch (expression.name) {
      case '&&':
        return evaluateLogical(expression, first, second, false, knowledge);
      case '||':
        return evaluateLogical(expression, first, second, true, knowledge);
      case '?:':
        if (third !== undefined) return evaluateConditional(expression, first, second, third, knowledge);
        break;
      case '[]':
        return evaluateIndex(expression, first, second, knowledge);
    }
  }
  return evaluateFunction(expression, knowledge);
}

/** `&&` and `||`: the decisive value on either side decides; a known other one drops out. */
function evaluateLogical(
  expression: Call,
  first: Syntax,
  second: Syntax,
  decisive: boolean,
  knowledge: Knowledge,
): Partial {
  const left = toOperand(evaluatePartially(first, knowledge), knowledge);
  if (left.kind === 'known' && left.value === decisive) return left;
  const right = toOperand(evaluatePartially(second, knowledge), knowledge);
  if (right.kind === 'known' && right.value === decisive) return right;
  if (left.kind === 'known' && (right.kind === 'unknown' || left.value === !decisive)) return right;
  if (right.kind === 'known' && (left.kind === 'unknown' || right.value === !decisive)) return left;
  const residual = call(expression.name, remains(left, knowledge), remains(right, knowledge));
  if (left.kind === 'unknown' || right.kind === 'unknown') return { kind: 'unknown', residual };
  return failed(left.kind === 'error' ? left.message : NOT_BOOLEAN, residual);
}

const NOT_BOOLEAN = 'a logical operator takes true or false';

/** Beside an unknown operand cel-go leaves out a known one whatever it is; `strict` does not. */
function toOperand(partial: Partial, { thorough }: Knowledge): Partial {
  return thorough ? toBoolean(partial) : partial;
}

/** Inside a comprehension nothing may stay unevaluated: its variables mean nothing outside. */
function looksFurther({ thorough, locals }: Knowledge): boolean {
  return thorough || locals.size > 0;
}

/** What stays of an operand that an error in it does not decide. */
function remains(partial: Partial, knowledge: Knowledge): Syntax {
  return partial.kind === 'error' && knowledge.thorough ? ERROR : partial.residual;
}

function toBoolean(partial: Partial): Partial {
  if (partial.kind !== 'known' || typeof partial.value === 'boolean') return partial;
  return failed(NOT_BOOLEAN, partial.residual);
}

function evaluateConditional(
  expression: Call,
  condition: Syntax,
  then: Syntax,
  otherwise: Syntax,
  knowledge: Knowledge,
): Partial {
  const asked = toBoolean(evaluatePartially(condition, knowledge));
  if (asked.kind === 'known') return evaluatePartially(asked.value === true ? then : otherwise, knowledge);
  const branch = (one: Syntax) =>
    looksFurther(knowledge) ? remains(evaluatePartially(one, knowledge), knowledge) : one;
  const residual = call(expression.name, asked.residual, branch(then), branch(otherwise));
  return asked.kind === 'error' ? failed(asked.message, residual) : { kind: 'unknown', residual };
}

function evaluateIndex(expression: Call, container: Syntax, key: Syntax, knowledge: Knowledge): Partial {
  if (isAttributeOfResource(container, knowledge)) {
    const name = evaluatePartially(key, knowledge);
    if (name.kind === 'known' && typeof name.value === 'string' && key.kind === 'literal') {
      return attribute(expression, name.value, false, knowledge);
    }
  }
  const evaluated = evaluatePartially(container, knowledge);
  if (evaluated.kind === 'unknown' && rootOf(container) !== undefined && !looksFurther(knowledge)) {
    return { kind: 'unknown', residual: call('[]', evaluated.residual, key) };
  }
  const at = evaluatePartially(key, knowledge);
  const residual = call('[]', evaluated.residual, at.residual);
  if (evaluated.kind === 'known' && at.kind === 'known') {
    return apply('[]', false, [evaluated.value, at.value], inResource(expression, residual), knowledge);
  }
  return open([evaluated, at], residual) ?? { kind: 'unknown', residual };
}

function evaluateFunction(expression: Call, knowledge: Knowledge): Partial {
  const { target, name } = expression;
  const receiver = target === undefined ? undefined : evaluatePartially(target, knowledge);
  const args = expression.args.map((argument) => evaluatePartially(argument, knowledge));
  const residual: Call = {
    kind: 'call',
    name,
    ...(receiver === undefined ? undefined : { target: receiver.residual }),
    args: args.map((argument) => argument.residual),
  };
  const operands = receiver === undefined ? args : [receiver, ...args];
  // `x in []` is false whatever x is.
  const [, list] = args;
  if (name === 'in' && list?.kind === 'known' && isEmpty(list.value)) {
    const [element] = args;
    if (!knowledge.thorough || element?.kind === 'known') return known(false, residual);
    // Unless it is in error: that its operand has a value is all that there is to ask.
    if (element?.kind === 'unknown') return { kind: 'unknown', residual: call(NEVER, element.residual) };
  }
  if (knowledge.thorough && mixesNumbers(name, args)) return failed('no such overload', residual);
  const undecided = open(operands, residual);
  if (undecided !== undefined) return undecided;
  const values: unknown[] = [];
  for (const operand of operands) {
    if (operand.kind === 'known') values.push(operand.value);
  }
  return apply(name, receiver !== undefined, values, residual, knowledge);
}

/** Attributes hold doubles, which CEL's arithmetic does not mix with ints; the numbers of a filter are all alike. */
function mixesNumbers(name: string, args: readonly Partial[]): boolean {
  if (!ARITHMETIC.has(name)) return false;
  const isInt = (one: Partial): boolean => one.kind === 'known' && typeof one.value === 'bigint';
  const isAttribute = (one: Partial): boolean => one.kind === 'unknown' && rootOf(one.residual) !== undefined;
  return args.some(isInt) && args.some(isAttribute);
}

const ARITHMETIC = new Set(['+', '-', '*', '/', '%']);

function isEmpty(container: unknown): boolean {
  if (Array.isArray(container)) return container.length === 0;
  return isMap(container) && (container instanceof Map ? container.size : Object.keys(container).length) === 0;
}

function apply(
  name: string,
  member: boolean,
  values: readonly unknown[],
  residual: Syntax,
  knowledge: Knowledge,
): Partial {
  const outcome = applyOperation(name, member, values, knowledge.host);
  if (outcome.kind === 'error') return failed(outcome.message, residual);
  // A timestamp written in the policy keeps its offset.
  const isWritten = (name === 'timestamp' || name === 'duration') && typeof values[0] === 'string';
  if (isWritten && name === 'timestamp') return { kind: 'known', value: outcome.value, residual };
  return known(outcome.value, residual);
}

function evaluateList(expression: Syntax & { readonly kind: 'list' }, knowledge: Knowledge): Partial {
  const elements = expression.elements.map((element) => evaluatePartially(element, knowledge));
  const residual: Syntax = { kind: 'list', elements: elements.map((element) => element.residual) };
  const values: unknown[] = [];
  for (const element of elements) {
    if (element.kind === 'known') values.push(element.value);
  }
  return open(elements, residual) ?? known(values, residual);
}

function evaluateMap(expression: Syntax & { readonly kind: 'map' }, knowledge: Knowledge): Partial {
  const entries = expression.entries.map(
    ([key, value]) => [evaluatePartially(key, knowledge), evaluatePartially(value, knowledge)] as const,
  );
  const residual: Syntax = {
    kind: 'map',
    entries: entries.map(([key, value]) => [key.residual, value.residual] as const),
  };
  const values = new Map<unknown, unknown>();
  for (const [key, value] of entries) {
    if (key.kind === 'known' && value.kind === 'known') values.set(key.value, value.value);
  }
  return open(entries.flat(), residual) ?? known(values, residual);
}

/** Parts that are not all known: one in error fails the whole, whatever the unknown ones are. */
function open(parts: readonly Partial[], residual: Syntax): Partial | undefined {
  for (const part of parts) if (part.kind === 'error') return failed(part.message, residual);
  return parts.some((part) => part.kind === 'unknown') ? { kind: 'unknown', residual } : undefined;
}
