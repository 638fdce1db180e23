import { type Environment, Optional } from '@marcbachmann/cel-js';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import type { BoundScope, CheckedType, Checker, Evaluator, Macro, Scope, TreeNode } from '../tree.ts';
import { contains, numeric, typeName } from '../value.ts';
import { define, defineNamespace } from './define.ts';

type List = readonly unknown[];

/**
 * Whether an element of a list equals the value that it is given. Strings, numbers and booleans are looked up, so
 * that two long lists take linear time; numbers by value, `1` being `1.0` (contracts, "Cerbos").
 */
function lookup(list: List): (value: unknown) => boolean {
  const scalars = new Set<unknown>();
  const others: unknown[] = [];
  for (const element of list) {
    const key = keyOf(element);
    if (key === undefined) others.push(element);
    else scalars.add(key);
  }
  return (value) => {
    const key = keyOf(value);
    return key === undefined ? contains(others, value) : scalars.has(key);
  };
}

/** Something that Set tells apart as `==` of CEL does, or undefined where nothing is. */
function keyOf(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  const number = numeric(value);
  if (number === undefined || Number.isNaN(number)) return undefined;
  if (typeof number === 'number') return Number.isInteger(number) ? BigInt(number) : number;
  return number;
}

function hasIntersection(left: List, right: List): boolean {
  return left.some(lookup(right));
}

/** Elements of the shorter list, as in Cerbos. */
function intersect(left: List, right: List): List {
  return left.length > right.length ? right.filter(lookup(left)) : left.filter(lookup(right));
}

function isSubset(left: List, right: List): boolean {
  return left.every(lookup(right));
}

function except(left: List, right: List): List {
  const inRight = lookup(right);
  return left.filter((element) => !inRight(element));
}

/** Cerbos's functions on lists as sets, and cel-go's extension library "Sets". */
export function registerSets(environment: Environment): void {
  const checks = { hasIntersection, has_intersection: hasIntersection, isSubset, is_subset: isSubset };
  for (const [name, check] of Object.entries(checks)) {
    define(environment, { [`${name}(list, list): bool`]: check, [`list.${name}(list): bool`]: check });
  }
  for (const [name, operation] of Object.entries({ intersect, except })) {
    define(environment, { [`${name}(list, list): list`]: operation, [`list.${name}(list): list`]: operation });
  }
  defineNamespace(environment, 'sets', {
    'contains(list, list): bool': (list: List, part: List) => isSubset(part, list),
    'equivalent(list, list): bool': (left: List, right: List) => isSubset(left, right) && isSubset(right, left),
    'intersects(list, list): bool': hasIntersection,
  });
}

function slice(list: List, from: bigint, to: bigint): List {
  if (from < 0n || to > BigInt(list.length) || from > to) fail(`slice(): ${from} to ${to} lies outside of the list`);
  return list.slice(Number(from), Number(to));
}

function flatten(list: List, depth: bigint): List {
  if (depth < 0n) fail('flatten(): the depth is negative');
  const flat = list.flat(Number(depth));
  spend(flat.length >> 2);
  return flat;
}

function distinct(list: List): List {
  const seen = new Set<unknown>();
  const others: unknown[] = [];
  return list.filter((element) => {
    const key = keyOf(element);
    const known = key === undefined ? contains(others, element) : seen.has(key);
    if (key === undefined) others.push(element);
    else seen.add(key);
    return !known;
  });
}

/** In ascending order of `keys`, one for each element; keys of one type that has an order. */
function sortBy(list: List, keys: List): List {
  spend(list.length);
  const order = keys.map((_key, index) => index).sort((left, right) => compare(keys[left], keys[right]));
  return order.map((index) => list[index]);
}

function compare(left: unknown, right: unknown): number {
  const [first, second] = [orderable(left), orderable(right)];
  if (typeof first !== typeof second && !(isNumber(first) && isNumber(second))) {
    fail(`cannot order a ${typeName(left)} and a ${typeName(right)}`);
  }
  if (first < second) return -1;
  return first > second ? 1 : 0;
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function orderable(value: unknown): string | number | bigint | boolean {
  const number = numeric(value);
  if (number !== undefined) return number;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) return value.getTime();
  return fail(`a ${typeName(value)} has no order`);
}

function range(end: bigint): List {
  if (end < 0n || end > 1_000_000n) return fail(`lists.range(): ${end} is no length of a list`);
  spend(Number(end));
  return Array.from({ length: Number(end) }, (_, index) => BigInt(index));
}

/** cel-go's extension library "Lists". */
export function registerLists(environment: Environment): void {
  define(environment, {
    'list.slice(int, int): list': slice,
    'list.flatten(): list': (list: List) => flatten(list, 1n),
    'list.flatten(int): list': flatten,
    'list.distinct(): list': distinct,
    'list.sort(): list': (list: List) => sortBy(list, list),
    'list.reverse(): list': (list: List) => [...list].reverse(),
    'list.first(): optional<dyn>': (list: List) => Optional.of(list[0]),
    'list.last(): optional<dyn>': (list: List) => Optional.of(list.at(-1)),
  });
  environment.registerFunction('list.sortBy(ast, ast): list', (call: SortByCall) => new SortByMacro(call), {
    async: false,
  });
  defineNamespace(environment, 'lists', { 'range(int): list<int>': range });
}

interface SortByCall {
  readonly args: readonly TreeNode[];
  readonly receiver: TreeNode;
}

/** `list.sortBy(e, key of e)`. */
class SortByMacro implements Macro {
  readonly async = false;
  private readonly receiver: TreeNode;
  private readonly name: string;
  private readonly key: TreeNode;
  private scope: BoundScope | undefined;

  constructor({ args: [name, key], receiver }: SortByCall) {
    if (name?.op !== 'id' || key === undefined) fail('the first argument of sortBy() is the name of a variable');
    this.receiver = receiver;
    this.name = name.args as string;
    this.key = key;
  }

  typeCheck(checker: Checker, _macro: unknown, scope: Scope): CheckedType {
    const list = checker.check(this.receiver, scope);
    if (list.kind !== 'list' && list.kind !== 'dyn') {
      throw checker.createError(
        'invalid_comprehension_range',
        `sortBy() sorts lists, not a ${list.name}`,
        this.receiver,
      );
    }
    this.scope = scope.forkWithVariable(this.name, list.valueType ?? checker.getType('dyn'));
    checker.check(this.key, this.scope);
    return list.kind === 'list' ? list : checker.getType('list');
  }

  evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): List {
    const list = evaluator.run(this.receiver, scope);
    if (!Array.isArray(list) || this.scope === undefined) return fail('sortBy() sorts lists');
    const bound = this.scope.reuse(scope);
    const keys = list.map((element) => {
      spend(2);
      return evaluator.run(this.key, bound.setIterValue(element, evaluator));
    });
    return sortBy(list, keys);
  }
}
