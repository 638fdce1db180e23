import { HasMacro } from './functions/macros.ts';
import type { Bindings } from './program.ts';
import { childrenOf, type TreeNode } from './tree.ts';

/**
 * Most conditions compare a few attributes with one another or with literals. For those the tree becomes a few
 * closures over JSON data, which need a tenth of the library's time. A closure gives a value only where CEL's
 * answer is beyond doubt, a Fault for a missing attribute, and UNSURE for everything else (other types, large
 * values, operands that are not bool); after UNSURE the library evaluates the expression from its beginning.
 * test/core/cel/fast-path.test.ts holds both to the same answers.
 */
export type FastStep = (bindings: Bindings) => unknown;

export const UNSURE = Symbol('unsure');

/** An error without an exception; `&&` and `||` absorb it as CEL says. */
export class Fault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Longer lists are searched by the library's operators, which spend from the budget. */
const SHORT_LIST = 32;
const LONG_STRING = 4096;

/** The closures of an expression, or undefined if it has a part that they do not cover. */
export function compileFast(node: TreeNode): FastStep | undefined {
  switch (node.op) {
    case 'value':
      return literal(node.args);
    case 'id':
      return variable(node.args as keyof Bindings);
    case '.':
      return select((node.args as [TreeNode])[0], (node.args as [TreeNode, string])[1]);
    case '[]':
      return index(node);
    case '!_':
      return not(node.args as TreeNode);
    case '&&':
      return logic(node, false);
    case '||':
      return logic(node, true);
    case '==':
      return binary(node, equality);
    case '!=':
      return binary(node, (left, right) => {
        const same = equality(left, right);
        return same === UNSURE ? UNSURE : !same;
      });
    case '<':
      return binary(node, (left, right) => (ordered(left, right) ? left < right : UNSURE));
    case '<=':
      return binary(node, (left, right) => (ordered(left, right) ? left <= right : UNSURE));
    case '>':
      return binary(node, (left, right) => (ordered(left, right) ? left > right : UNSURE));
    case '>=':
      return binary(node, (left, right) => (ordered(left, right) ? left >= right : UNSURE));
    case 'in':
      return binary(node, membership);
    case 'call':
      return node.meta.macro instanceof HasMacro ? has(node) : undefined;
    default:
      return undefined;
  }
}

function literal(value: unknown): FastStep | undefined {
  if (value !== null && typeof value === 'object') return undefined;
  return () => value;
}

function variable(name: keyof Bindings): FastStep {
  return (bindings) => {
    const value = bindings[name];
    return value === undefined ? UNSURE : value;
  };
}

/** Names that every object inherits: only a check for own keys tells them from data. */
function isInherited(name: string): boolean {
  return name in Object.prototype;
}

function isPlain(value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const { constructor: made } = value;
  return made === Object || made === undefined;
}

function select(operand: TreeNode, name: string): FastStep | undefined {
  if (isInherited(name) || operand.checkedType?.kind !== 'dyn') return undefined;
  const container = compileFast(operand);
  if (container === undefined) return undefined;
  const missing = new Fault(`No such key: ${name}`);
  return (bindings) => {
    const map = container(bindings);
    if (!isPlain(map)) return map instanceof Fault ? map : UNSURE;
    const value = map[name];
    return value === undefined ? missing : value;
  };
}

function index(node: TreeNode): FastStep | undefined {
  const [operand, key] = node.args as [TreeNode, TreeNode];
  return key.op === 'value' && typeof key.args === 'string' ? select(operand, key.args) : undefined;
}

function has(node: TreeNode): FastStep | undefined {
  const [selected] = childrenOf(node);
  if (selected === undefined) return undefined;
  const [operand, name] = selected.args as [TreeNode, string];
  if (isInherited(name)) return undefined;
  const container = compileFast(operand);
  if (container === undefined) return undefined;
  return (bindings) => {
    const map = container(bindings);
    if (!isPlain(map)) return map instanceof Fault ? map : UNSURE;
    return map[name] !== undefined;
  };
}

function not(operand: TreeNode): FastStep | undefined {
  const step = compileFast(operand);
  if (step === undefined) return undefined;
  return (bindings) => {
    const value = step(bindings);
    if (typeof value === 'boolean') return !value;
    return value instanceof Fault ? value : UNSURE;
  };
}

/** `&&` is decided by false, `||` by true, on either side, whatever error the other side has. */
function logic(node: TreeNode, decisive: boolean): FastStep | undefined {
  const [left, right] = (node.args as [TreeNode, TreeNode]).map(compileFast);
  if (left === undefined || right === undefined) return undefined;
  return (bindings) => {
    const first = left(bindings);
    if (first === decisive) return decisive;
    const fault = first instanceof Fault;
    if (!fault && typeof first !== 'boolean') return UNSURE;
    const second = right(bindings);
    if (second === decisive) return decisive;
    if (typeof second === 'boolean') return fault ? first : second;
    if (second instanceof Fault) return fault ? first : second;
    return UNSURE;
  };
}

type Compare = (left: never, right: never) => unknown;

function binary(node: TreeNode, compare: Compare): FastStep | undefined {
  const [left, right] = (node.args as [TreeNode, TreeNode]).map(operand);
  if (left === undefined || right === undefined) return undefined;
  return (bindings) => {
    const first = left(bindings);
    if (first === UNSURE || first instanceof Fault) return first;
    const second = right(bindings);
    if (second === UNSURE || second instanceof Fault) return second;
    return compare(first as never, second as never);
  };
}

/** An int literal compares as the double that it equals, which spares a comparison of bigint and number. */
function operand(node: TreeNode): FastStep | undefined {
  if (node.op === 'list') return list(node.args as TreeNode[]);
  if (node.op !== 'value' || typeof node.args !== 'bigint') return compileFast(node);
  const number = Number(node.args);
  return Number.isSafeInteger(number) ? () => number : undefined;
}

function ordered(left: unknown, right: unknown): boolean {
  const type = typeof left;
  return type === typeof right && type === 'number';
}

function equality(left: unknown, right: unknown): boolean | typeof UNSURE {
  const type = typeof left;
  if (type === typeof right) {
    if (type === 'number' || type === 'boolean') return left === right;
    if (type === 'string') return (left as string).length < LONG_STRING ? left === right : UNSURE;
    return left === null && right === null ? true : UNSURE;
  }
  return isScalar(left) && isScalar(right) ? false : UNSURE;
}

function isScalar(value: unknown): boolean {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' || value === null;
}

function membership(value: unknown, container: unknown): boolean | typeof UNSURE {
  if (Array.isArray(container)) {
    if (container.length > SHORT_LIST || !isScalar(value)) return UNSURE;
    let sure = true;
    for (const element of container) {
      const same = equality(value, element);
      if (same === true) return true;
      if (same === UNSURE) sure = false;
    }
    return sure ? false : UNSURE;
  }
  if (typeof value !== 'string' || !isPlain(container)) return UNSURE;
  return Object.hasOwn(container, value) && container[value] !== undefined;
}

/** A list of literals, as the right side of `in`. What may fail while a list is made is the library's. */
function list(elements: readonly TreeNode[]): FastStep | undefined {
  if (elements.length > SHORT_LIST || !elements.every((element) => element.op === 'value')) return undefined;
  const values = elements.map((element) => (typeof element.args === 'bigint' ? Number(element.args) : element.args));
  return values.every(isScalar) ? () => values : undefined;
}
