import { applyOperation } from '../../cel/apply.ts';
import { boolean, type Comprehension, type Syntax } from '../../cel/syntax.ts';
import { isMap, mapGet } from '../../cel/value.ts';
import { failed, type Knowledge, known, type Partial } from './knowledge.ts';

type Evaluate = (expression: Syntax, knowledge: Knowledge) => Partial;

/** What one iteration binds the variables to. */
type Item = readonly unknown[];

/**
 * A comprehension over a known range runs; it is unknown where an element's part is that the result depends on, and
 * then keeps its body as it was written (cel-go prunes nothing but the range).
 */
export function evaluateComprehension(expression: Comprehension, knowledge: Knowledge, evaluate: Evaluate): Partial {
  const range = evaluate(expression.range, knowledge);
  const residual: Comprehension = { ...expression, range: range.residual };
  if (range.kind === 'error') return failed(range.message, residual);
  if (range.kind === 'unknown') return { kind: 'unknown', residual };
  const items = itemsOf(range.value, expression.variables.length);
  if (items === undefined) return failed('only lists and maps have elements to go over', residual);
  const over = (part: Syntax, item: Item): Partial => {
    if (!knowledge.host.budget.spend(4)) return failed('the plan took too many steps', residual);
    return evaluate(part, bind(knowledge, expression.variables, item));
  };
  return run(expression, items, over, residual, knowledge);
}

/** The variables of a comprehension bound to one item; without one they are unknown. */
export function bind(knowledge: Knowledge, variables: readonly string[], item: Item | undefined): Knowledge {
  const locals = new Map(knowledge.locals);
  variables.forEach((variable, at) => {
    locals.set(variable, item === undefined ? undefined : { value: item[at] });
  });
  return { ...knowledge, locals };
}

/** Elements of a list or keys of a map; with two variables, index or key and value. */
export function itemsOf(range: unknown, variables: number): readonly Item[] | undefined {
  if (Array.isArray(range)) {
    return range.map((element: unknown, at) => (variables === 1 ? [element] : [BigInt(at), element]));
  }
  if (!isMap(range)) return undefined;
  const keys: readonly unknown[] = range instanceof Map ? [...range.keys()] : Object.keys(range);
  return keys.map((key) => (variables === 1 ? [key] : [key, mapGet(range, key)]));
}

function run(
  expression: Comprehension,
  items: readonly Item[],
  over: (part: Syntax, item: Item) => Partial,
  residual: Comprehension,
  knowledge: Knowledge,
): Partial {
  const { macro } = expression;
  const filter = expression.filter ?? boolean(true);
  const body = expression.body ?? boolean(true);
  if (macro === 'all' || macro === 'exists') {
    return quantify(
      items.map((item) => over(body, item)),
      macro === 'exists',
      residual,
    );
  }
  const kept: unknown[] = [];
  const entries = new Map<unknown, unknown>();
  const keys: unknown[] = [];
  let count = 0;
  for (const item of items) {
    const holds = over(macro === 'exists_one' ? body : filter, item);
    if (holds.kind !== 'known') return { ...holds, residual };
    if (macro === 'sortBy') {
      const key = over(body, item);
      if (key.kind !== 'known') return { ...key, residual };
      kept.push(item[0]);
      keys.push(key.value);
      continue;
    }
    if (typeof holds.value !== 'boolean') return failed('the predicate of a macro is neither true nor false', residual);
    if (!holds.value) continue;
    count += 1;
    if (macro === 'exists_one') continue;
    if (macro === 'filter') {
      kept.push(item[0]);
      continue;
    }
    const made = over(body, item);
    if (made.kind !== 'known') return { ...made, residual };
    if (macro === 'transformMap') entries.set(item[0], made.value);
    else if (macro === 'transformMapEntry') addEntries(entries, made.value);
    else kept.push(made.value);
  }
  switch (macro) {
    case 'exists_one':
      return known(count === 1, residual);
    case 'transformMap':
    case 'transformMapEntry':
      return known(entries, residual);
    case 'sortBy':
      return known(sorted(kept, keys, knowledge), residual);
    default:
      return known(kept, residual);
  }
}

/** As `||` and `&&` do: the decisive value wins over unknown and error, unknown wins over error. */
function quantify(parts: readonly Partial[], decisive: boolean, residual: Syntax): Partial {
  let open: Partial | undefined;
  for (const part of parts) {
    if (part.kind === 'known') {
      if (part.value === decisive) return known(decisive, residual);
      if (part.value !== !decisive) open ??= failed('the predicate of a macro is neither true nor false', residual);
    } else if (open?.kind !== 'unknown') {
      open = { ...part, residual };
    }
  }
  return open ?? known(!decisive, residual);
}

function addEntries(entries: Map<unknown, unknown>, made: unknown): void {
  for (const [key, value] of itemsOf(made, 2) ?? []) entries.set(key, value);
}

function sorted(values: readonly unknown[], keys: readonly unknown[], knowledge: Knowledge): readonly unknown[] {
  const isLess = (left: unknown, right: unknown): boolean => {
    const outcome = applyOperation('<', false, [left, right], knowledge.host);
    return outcome.kind === 'value' && outcome.value === true;
  };
  const order = values.map((_, at) => at);
  order.sort((left, right) =>
    isLess(keys[left], keys[right]) ? -1 : isLess(keys[right], keys[left]) ? 1 : left - right,
  );
  return order.map((at) => values[at]);
}
