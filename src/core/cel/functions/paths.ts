import type { Environment } from '@marcbachmann/cel-js';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import { define } from './define.ts';
import {
  baseOf,
  directoryOf,
  extensionOf,
  fromFilePath,
  joinPaths,
  relativePath,
  toFilePath,
  volumeOf,
} from './file-path.ts';
import { matches } from './regex.ts';

/** Strictly below the prefix. Where nobody can tell (one relative, one not), it is not. */
function hasPrefix(path: string, prefix: string): boolean {
  const relative = relativePath(toFilePath(prefix), toFilePath(path));
  return relative !== undefined && relative !== '.' && relative !== '..' && !relative.startsWith('../');
}

function match(path: string, pattern: string): boolean {
  return matches(toFilePath(path).value, toRegex(toFilePath(pattern).value));
}

function matchAnyOf(path: string, patterns: readonly unknown[]): boolean {
  return patterns.some((pattern) =>
    typeof pattern === 'string' ? match(path, pattern) : fail('pathMatchAnyOf() takes a list of strings'),
  );
}

const SPECIAL = /[.+(){}|^$\\*?[\]]/g;

/** The pattern language of Go's filepath.Match: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` are classes. */
function toRegex(pattern: string): string {
  let regex = '';
  let rest = pattern;
  while (rest !== '') {
    const token = /^(?:\*+|\?|\[\^?[^\]]+\]|[^*?[]+)/.exec(rest)?.[0];
    if (token === undefined) return fail(`"${pattern.slice(0, 64)}" is not a pattern of paths`);
    regex += toRegexPart(token);
    rest = rest.slice(token.length);
  }
  return `^(?s:${regex})$`;
}

function toRegexPart(token: string): string {
  if (token.startsWith('*')) return '[^/]*';
  if (token === '?') return '[^/]';
  if (!token.startsWith('[')) return token.replace(SPECIAL, '\\$&');
  const negated = token.startsWith('[^');
  const members = token.slice(negated ? 2 : 1, -1).replace(/[\\[\]^]/g, '\\$&');
  return `[${negated ? '^' : ''}${members}]`;
}

function relative(base: string, target: string): string {
  const [from, to] = [toFilePath(base), toFilePath(target)];
  const path = relativePath(from, to) ?? fail('relPath() cannot tell how to get from one path to the other');
  return to.kind === 'unix' ? path : path.replaceAll('/', '\\');
}

function join(parts: readonly unknown[]): string {
  const texts = parts.map((part) => (typeof part === 'string' ? part : fail('joinPath() takes a list of strings')));
  spend(texts.length >> 2);
  // Go's filepath.Join ignores empty elements.
  const joined = joinPaths(texts.filter((text) => text !== '').map(toFilePath));
  return joined === undefined ? '' : fromFilePath(joined);
}

/** Cerbos's path functions (release notes of v0.52). They compare names and never look at a file system. */
export function registerPaths(environment: Environment): void {
  define(environment, {
    'basePath(string): string': (path: string) => baseOf(toFilePath(path)),
    'dirPath(string): string': (path: string) => fromFilePath(directoryOf(toFilePath(path))),
    'extPath(string): string': (path: string) => extensionOf(toFilePath(path)),
    'joinPath(list): string': join,
    'relPath(string, string): string': relative,
    'volumeName(string): string': volumeOf,
    'pathHasPrefix(string, string): bool': hasPrefix,
    'string.pathHasPrefix(string): bool': hasPrefix,
    'pathMatch(string, string): bool': match,
    'string.pathMatch(string): bool': match,
    'pathMatchAnyOf(string, list): bool': matchAnyOf,
    'string.pathMatchAnyOf(list): bool': matchAnyOf,
  });
}
