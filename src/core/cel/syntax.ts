import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { formatDuration, formatTimestamp } from './functions/time.ts';
import { nesting } from './lint.ts';
import { childrenOf, type TreeNode } from './tree.ts';
import { isMap, mapGet } from './value.ts';

/**
 * An expression as data, for partial evaluation: what cel-go's parser would give (its macros kept as one node), so that
 * a query plan has the shape that Cerbos gives it. Operators are calls by their CEL names (`==`, `&&`, `[]`, `?:`).
 */
export type Syntax =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'variable'; readonly name: string }
  | Select
  | Call
  | { readonly kind: 'list'; readonly elements: readonly Syntax[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: Syntax, value: Syntax])[] }
  | Comprehension
  | { readonly kind: 'unsupported'; readonly what: string };

export interface Select {
  readonly kind: 'select';
  readonly operand: Syntax;
  readonly field: string;
  /** `has(operand.field)`. */
  readonly presence: boolean;
}

export interface Call {
  readonly kind: 'call';
  readonly name: string;
  /** The receiver, of a member function. */
  readonly target?: Syntax;
  readonly args: readonly Syntax[];
}

export interface Comprehension {
  readonly kind: 'comprehension';
  readonly macro: MacroName;
  readonly range: Syntax;
  /** One, or two: index or key, then value. */
  readonly variables: readonly string[];
  /** What elements must fulfil: `map(x, filter, body)`, and the predicate of `filter` itself. */
  readonly filter?: Syntax;
  /** What is computed of each element; absent for `filter`. */
  readonly body?: Syntax;
}

const ONE_VARIABLE = ['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'sortBy'] as const;
const TWO_VARIABLES = [
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'transformList',
  'transformMap',
  'transformMapEntry',
] as const;
export type MacroName = Exclude<(typeof ONE_VARIABLE)[number] | (typeof TWO_VARIABLES)[number], 'existsOne'>;

/** The namespaces of cel-go's extension libraries: `math.ceil(x)` is a function of that name, not of `math`. */
const NAMESPACES = new Set(['math', 'strings', 'base64', 'regex', 'sets', 'cel', 'optional', 'json']);

const TRUE: Syntax = { kind: 'literal', value: true };
const FALSE: Syntax = { kind: 'literal', value: false };

export function boolean(value: boolean): Syntax {
  return value ? TRUE : FALSE;
}

export function call(name: string, ...args: readonly Syntax[]): Call {
  return { kind: 'call', name, args };
}

/** The library's tree as neutral syntax. Never throws. */
export function toSyntax(root: TreeNode, source: string): Syntax {
  return new Converter(source).convert(root);
}

class Converter {
  private readonly source: string;
  private readonly depths: readonly number[];

  constructor(source: string) {
    this.source = source;
    this.depths = nesting(source);
  }

  convert(node: TreeNode): Syntax {
    switch (node.op) {
      case 'value':
        return { kind: 'literal', value: node.args };
      case 'id':
        return { kind: 'variable', name: node.args as string };
      case '.': {
        const [operand, field] = node.args as [TreeNode, string];
        return { kind: 'select', operand: this.convert(operand), field, presence: false };
      }
      case '.?':
      case '[?]':
        return { kind: 'unsupported', what: 'optional values' };
      case '&&':
      case '||':
        return this.balanced(node);
      case '-_':
        return negated(this.convert(node.args as TreeNode));
      case 'call':
        return this.toCall(node);
      case 'rcall':
        return this.toMemberCall(node);
      case 'list':
        return { kind: 'list', elements: childrenOf(node).map((child) => this.convert(child)) };
      case 'map': {
        const entries = node.args as readonly (readonly [TreeNode, TreeNode])[];
        return { kind: 'map', entries: entries.map(([key, value]) => [this.convert(key), this.convert(value)]) };
      }
      default:
        return call(node.op, ...childrenOf(node).map((child) => this.convert(child)));
    }
  }

  /** cel-go's parser makes balanced trees of what is written in a row (parser, `logicManager`). */
  private balanced(node: TreeNode): Syntax {
    const terms = this.termsOf(node).map((term) => this.convert(term));
    return balance(node.op, terms);
  }

  private termsOf(node: TreeNode): readonly TreeNode[] {
    const [left, right] = node.args as [TreeNode, TreeNode];
    const inner = left.op === node.op && this.depthOf(left) === this.depthOf(node) ? this.termsOf(left) : [left];
    return [...inner, right];
  }

  /** How many parentheses are open where a node's operator stands. */
  private depthOf(node: TreeNode): number | undefined {
    const [left] = node.args as [TreeNode];
    return this.depths[this.source.indexOf(node.op, left.end)];
  }

  private toCall(node: TreeNode): Syntax {
    const [name, args] = node.args as [string, readonly TreeNode[]];
    const [first] = args;
    if (name === 'has' && first?.op === '.') {
      const [operand, field] = first.args as [TreeNode, string];
      return { kind: 'select', operand: this.convert(operand), field, presence: true };
    }
    return call(plainName(name), ...args.map((argument) => this.convert(argument)));
  }

  private toMemberCall(node: TreeNode): Syntax {
    const [called, receiver, args] = node.args as [string, TreeNode, readonly TreeNode[]];
    const name = plainName(called);
    if (receiver.op === 'id' && NAMESPACES.has(receiver.args as string)) {
      return this.namespaced(receiver.args as string, name, args);
    }
    const comprehension = this.toComprehension(name, receiver, args);
    if (comprehension !== undefined) return comprehension;
    if (OPTIONAL_FUNCTIONS.has(name)) return { kind: 'unsupported', what: 'optional values' };
    return {
      kind: 'call',
      name,
      target: this.convert(receiver),
      args: args.map((argument) => this.convert(argument)),
    };
  }

  private namespaced(namespace: string, name: string, args: readonly TreeNode[]): Syntax {
    const [bound, value, body] = args;
    if (namespace === 'cel' && name === 'bind' && bound !== undefined && value !== undefined && body !== undefined) {
      return substitute(this.convert(body), bound.args as string, this.convert(value));
    }
    if (namespace === 'optional') return { kind: 'unsupported', what: 'optional values' };
    return call(`${namespace}.${name}`, ...args.map((argument) => this.convert(argument)));
  }

  private toComprehension(name: string, receiver: TreeNode, args: readonly TreeNode[]): Comprehension | undefined {
    const names = args.filter((argument, at) => argument.op === 'id' && at < 2).map(({ args: id }) => id as string);
    const macro = (name === 'existsOne' ? 'exists_one' : name) as MacroName;
    const one = includes(ONE_VARIABLE, name) && names[0] !== undefined;
    const two = includes(TWO_VARIABLES, name) && args.length >= 3 && names.length === 2;
    if (!one && !two) return undefined;
    const isTwo = two && !(name === 'map' || name === 'filter');
    const rest = args.slice(isTwo ? 2 : 1).map((argument) => this.convert(argument));
    const [first, second] = rest;
    if (first === undefined) return undefined;
    const head = {
      kind: 'comprehension',
      macro,
      range: this.convert(receiver),
      variables: names.slice(0, isTwo ? 2 : 1),
    } as const;
    if (name === 'filter') return { ...head, filter: first };
    return second === undefined ? { ...head, body: first } : { ...head, filter: first, body: second };
  }
}

function balance(operator: string, terms: readonly Syntax[]): Syntax {
  const [only] = terms;
  if (only !== undefined && terms.length === 1) return only;
  const middle = terms.length >> 1;
  const left = terms.length % 2 === 0 ? middle : middle + 1;
  return call(operator, balance(operator, terms.slice(0, left)), balance(operator, terms.slice(left)));
}

const OPTIONAL_FUNCTIONS = new Set(['orValue', 'or', 'hasValue', 'value', 'optMap', 'optFlatMap']);

function includes(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

/** Functions that replace the library's carry a digit before their name (environment.ts). */
function plainName(name: string): string {
  return name.startsWith('0') ? name.slice(1) : name;
}

/** `-3` is a literal in cel-go's syntax trees. */
function negated(operand: Syntax): Syntax {
  if (operand.kind === 'literal') {
    if (typeof operand.value === 'bigint') return { kind: 'literal', value: -operand.value };
    if (typeof operand.value === 'number') return { kind: 'literal', value: -operand.value };
  }
  return call('-_', operand);
}

/** `expression` with a free variable put in. The names that macros bind inside hide it. */
function substitute(expression: Syntax, name: string, value: Syntax): Syntax {
  return rewrite(expression, (part) => (part.kind === 'variable' && part.name === name ? value : undefined), [name]);
}

/**
 * Replaces parts of an expression, from the outside in; what `replace` gives is not looked at again. Comprehensions
 * that bind one of `hidden` are left as they are, but for their range.
 */
export function rewrite(
  expression: Syntax,
  replace: (part: Syntax) => Syntax | undefined,
  hidden: readonly string[] = [],
): Syntax {
  const replaced = replace(expression);
  if (replaced !== undefined) return replaced;
  const inside = (part: Syntax): Syntax => rewrite(part, replace, hidden);
  switch (expression.kind) {
    case 'literal':
    case 'variable':
    case 'unsupported':
      return expression;
    case 'select':
      return { ...expression, operand: inside(expression.operand) };
    case 'call': {
      const { target } = expression;
      return {
        ...expression,
        ...(target === undefined ? undefined : { target: inside(target) }),
        args: expression.args.map(inside),
      };
    }
    case 'list':
      return { kind: 'list', elements: expression.elements.map(inside) };
    case 'map':
      return { kind: 'map', entries: expression.entries.map(([key, value]) => [inside(key), inside(value)]) };
    case 'comprehension': {
      const range = inside(expression.range);
      if (expression.variables.some((variable) => hidden.includes(variable))) return { ...expression, range };
      const { filter, body } = expression;
      return {
        ...expression,
        range,
        ...(filter === undefined ? undefined : { filter: inside(filter) }),
        ...(body === undefined ? undefined : { body: inside(body) }),
      };
    }
  }
}

/** A value as an expression, where it has one: cel-go's pruner writes timestamps and durations as conversions. */
export function toLiteral(value: unknown): Syntax | undefined {
  if (value === null || ['string', 'boolean', 'number', 'bigint'].includes(typeof value)) {
    return { kind: 'literal', value };
  }
  if (value instanceof UnsignedInt || value instanceof Uint8Array) return { kind: 'literal', value };
  if (value instanceof Date) return call('timestamp', { kind: 'literal', value: formatTimestamp(value) });
  if (value instanceof Duration) return call('duration', { kind: 'literal', value: formatDuration(value) });
  if (Array.isArray(value)) {
    const elements = value.map(toLiteral);
    return elements.every((element) => element !== undefined) ? { kind: 'list', elements } : undefined;
  }
  if (!isMap(value)) return undefined;
  const keys: readonly unknown[] = value instanceof Map ? [...value.keys()] : Object.keys(value);
  const entries: [Syntax, Syntax][] = [];
  for (const key of keys) {
    const written = [toLiteral(key), toLiteral(mapGet(value, key))] as const;
    if (written[0] === undefined || written[1] === undefined) return undefined;
    entries.push([written[0], written[1]]);
  }
  return { kind: 'map', entries };
}
