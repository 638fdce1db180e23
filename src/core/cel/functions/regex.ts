import type { Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import { define, defineNamespace } from './define.ts';

/** Compiled patterns kept: policies have few of their own, and what requests bring along must not pile up. */
const CACHED_PATTERNS = 256;
/** Characters of a pattern: RE2 takes time and memory in proportion to it. */
const PATTERN_LENGTH = 1024;

const cache = new Map<string, RE2JS>();

/**
 * Compiles an RE2 expression (cel-spec, langdef "Regular Expressions"); matching takes time linear in the text.
 * Throws a CEL error that says what is wrong with the pattern.
 */
export function compilePattern(pattern: string): RE2JS {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > PATTERN_LENGTH) fail(`the regular expression is longer than ${PATTERN_LENGTH} characters`);
  // A counted repetition makes a pattern cost up to a thousand times its length.
  spend(200 + pattern.length * 8);
  const compiled = parsePattern(pattern);
  if (cache.size >= CACHED_PATTERNS) {
    const oldest = cache.keys().next().value;
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(pattern, compiled);
  return compiled;
}

function parsePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (thrown) {
    return fail(`not a regular expression of RE2: ${thrown instanceof Error ? thrown.message : pattern}`);
  }
}

/** Steps of one search: the library's worst case is the text's length times the pattern's. */
function spendSearch(text: string, pattern: string): void {
  spend(1 + (text.length >> 5) * (1 + (pattern.length >> 5)));
}

/** Whether the pattern is found anywhere in the text. */
export function matches(text: string, pattern: string): boolean {
  const compiled = compilePattern(pattern);
  spendSearch(text, pattern);
  return compiled.test(text);
}

function replace(text: string, pattern: string, replacement: string, limit: bigint): string {
  const compiled = compilePattern(pattern);
  spendSearch(text, pattern);
  const matcher = compiled.matcher(text);
  let result = '';
  let from = 0;
  let count = 0n;
  while ((limit < 0n || count < limit) && matcher.find()) {
    count += 1n;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? '');
    const inserted = expand(replacement, groups);
    spend(1 + (inserted.length >> 6));
    result += text.slice(from, matcher.start()) + inserted;
    from = matcher.end();
  }
  return result + text.slice(from);
}

/** `\1` stands for the first group, `\0` for all that matched, `\\` for a backslash (cel-go, ext "Regex"). */
function expand(replacement: string, groups: readonly string[]): string {
  return replacement.replace(/\\(.?)/gs, (_whole, next: string) => {
    if (next === '\\') return '\\';
    const group = /^[0-9]$/.test(next) ? groups[Number(next)] : undefined;
    return group ?? fail(`\\${next} in the replacement is neither a group of the pattern nor \\\\`);
  });
}

function extractAll(text: string, pattern: string): string[] {
  const compiled = compilePattern(pattern);
  spendSearch(text, pattern);
  const matcher = compiled.matcher(text);
  if (matcher.groupCount() > 1) fail('the regular expression has more than one group');
  const found: string[] = [];
  while (matcher.find()) {
    spend(1);
    const group = matcher.group(matcher.groupCount());
    if (group !== null && group !== undefined) found.push(group);
  }
  return found;
}

export function registerRegex(environment: Environment): void {
  define(environment, { 'string.0matches(string): bool': matches, '0matches(string, string): bool': matches });
}

/** cel-go's extension library "Regex", which Cerbos enables. */
export function registerRegexNamespace(environment: Environment): void {
  defineNamespace(environment, 'regex', {
    'replace(string, string, string): string': (text: string, pattern: string, replacement: string) =>
      replace(text, pattern, replacement, -1n),
    'replace(string, string, string, int): string': replace,
    'extractAll(string, string): list<string>': extractAll,
  });
}

/** The same expressions for others than CEL: a search for `pattern`, in linear time. Throws where it is none of RE2. */
export function searcher(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
}
