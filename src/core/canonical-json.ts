import type { Json } from './entity.ts';

/** Members whose value is `undefined` are left out, as `JSON.stringify` does. */
export type Canonical = Json | { readonly [name: string]: Canonical | undefined } | readonly Canonical[];

/** What the escape of a lone surrogate begins with in the output of `JSON.stringify` (or an escaped backslash, `ud`). */
const MAYBE_LONE = '\\ud';
const LONE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/**
 * The JSON Canonicalization Scheme (RFC 8785): no white space, members in the order of the UTF-16 code units of their
 * names, strings and numbers as ECMAScript writes them.
 *
 * A value whose members stand in that order already, which is what Behalf builds itself, is written by
 * `JSON.stringify` alone.
 *
 * @throws TypeError for what has no canonical form: a number that is not finite, a lone surrogate (section 3.2.2.2),
 *   anything that is not JSON.
 */
export function canonicalJson(value: Canonical): string {
  const text = isOrdered(value) ? JSON.stringify(value) : write(value);
  if (text.includes(MAYBE_LONE) && LONE.test(text)) throw new TypeError('a text with a lone surrogate has no UTF-8');
  return text;
}

/**
 * The same document as it comes back from its canonical JSON: what goes over its members meets them in one order,
 * whoever wrote it, now and when it is read from a record. The same object where they stand in that order.
 */
export function inCanonicalOrder<T extends Json>(value: T): T {
  return isOrdered(value) ? value : (reordered(value) as T);
}

function reordered(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(reordered);
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, reordered(value[name] ?? null)]));
}

/** Whether `JSON.stringify` writes the members in order. It follows the same order as `for … in`. */
function isOrdered(value: Canonical | undefined): boolean {
  if (typeof value !== 'object' || value === null) return isJson(value);
  if (isList(value)) {
    for (let index = 0; index < value.length; index += 1) if (!isOrdered(present(value[index]))) return false;
    return true;
  }
  let before: string | undefined;
  for (const name in value) {
    if (before !== undefined && name < before) return false;
    before = name;
    const member = value[name];
    if (member !== undefined && !isOrdered(member)) return false;
  }
  return true;
}

/** The same member by member: names that look like integers come first in every object, whatever is done. */
function write(value: Canonical): string {
  if (typeof value !== 'object' || value === null) {
    isJson(value);
    return JSON.stringify(value);
  }
  if (isList(value)) return `[${value.map((element) => write(present(element))).join(',')}]`;
  const members: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${write(member)}`);
  }
  return `{${members.join(',')}}`;
}

function isList(value: object): value is readonly Canonical[] {
  return Array.isArray(value);
}

function present(element: Canonical | undefined): Canonical {
  if (element === undefined) throw new TypeError('a list with a hole is no JSON');
  return element;
}

function isJson(value: unknown): true {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      if (Number.isFinite(value)) return true;
      throw new TypeError(`${value} is no JSON`);
    default:
      if (value === null) return true;
      throw new TypeError(`a ${typeof value} is no JSON`);
  }
}
