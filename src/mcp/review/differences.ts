import canonicalize from 'canonicalize';

/** A place where two JSON documents differ, with what stands there as JSON; absent: nothing does. */
export interface Difference {
  /** A JSON pointer (RFC 6901), `/inputSchema/properties/path/type`. */
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

/** Deeper down a difference is shown as a whole: people have lost the thread, and a stack has an end. */
const MOST_DEPTH = 24;

/** Where `after` differs from `before`, leaf by leaf in the order of their paths; undefined: there is no document. */
export function differences(before: unknown, after: unknown, path = '', depth = 0): readonly Difference[] {
  const names = depth < MOST_DEPTH ? branchesOf(before, after) : undefined;
  if (names !== undefined) {
    return names.flatMap((name) =>
      differences(member(before, name), member(after, name), `${path}/${escaped(name)}`, depth + 1),
    );
  }
  const [removed, added] = [jsonOf(before), jsonOf(after)];
  if (removed === added) return [];
  return [
    {
      path,
      ...(removed === undefined ? undefined : { before: removed }),
      ...(added === undefined ? undefined : { after: added }),
    },
  ];
}

/** The names of what is in either of them, if they can be compared part by part: two objects, two lists, or one. */
function branchesOf(before: unknown, after: unknown): readonly string[] | undefined {
  const present = [before, after].filter((value) => value !== undefined);
  const isListed = present.every((value) => Array.isArray(value));
  if (!isListed && !present.every((value) => isObject(value))) return undefined;
  const names = [...new Set(present.flatMap((value) => Object.keys(value as object)))];
  if (names.length === 0) return undefined;
  return isListed ? names : names.sort();
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as { readonly [name: string]: unknown })[name];
}

function jsonOf(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalize(value);
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
