import { foldKey, isFolded } from './fold-key.ts';

export interface JsonSurvey {
  /** Members of all objects. Fewer than in the text if one stands there twice: parsing keeps the last. */
  readonly members: number;
  /** What another parser may understand differently, if that was asked for. */
  readonly ambiguous?: string;
}

/** Looks at every value once. No recursion, so that no depth can exhaust the stack. */
export function surveyJson(root: unknown, forAmbiguity: boolean): JsonSurvey {
  const open: unknown[] = [root];
  let members = 0;
  let ambiguous: string | undefined;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') {
      if (forAmbiguity && !value.isWellFormed()) ambiguous ??= 'a string has half of a surrogate pair';
    } else if (Array.isArray(value)) {
      for (const element of value) if (isWorthALook(element)) open.push(element);
    } else if (typeof value === 'object' && value !== null) {
      const keys = Object.keys(value);
      members += keys.length;
      if (forAmbiguity) ambiguous ??= ambiguityOf(keys);
      for (const key of keys) {
        const member = (value as { readonly [name: string]: unknown })[key];
        if (isWorthALook(member)) open.push(member);
      }
    }
  }
  return ambiguous === undefined ? { members } : { members, ambiguous };
}

function isWorthALook(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function ambiguityOf(keys: readonly string[]): string | undefined {
  if (keys.every(isFolded)) return undefined;
  const folded = new Map<string, string>();
  for (const key of keys) {
    if (!key.isWellFormed()) return 'the name of a member has half of a surrogate pair';
    if (key.includes('\0')) return 'the name of a member has a NUL, where some parsers end it';
    const fold = foldKey(key);
    const other = folded.get(fold);
    if (other !== undefined) return `the members ${quote(other)} and ${quote(key)} are one to some parsers`;
    folded.set(fold, key);
  }
  return undefined;
}

/** A key for a message: its characters escaped, at most 64 of them. */
export function quote(key: string): string {
  return JSON.stringify(key.length <= 64 ? key : `${key.slice(0, 61)}…`);
}
