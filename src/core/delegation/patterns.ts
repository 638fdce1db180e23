import { idFault, parseEntity, shorten, typeFault } from '../entity.ts';
import { LIMITS } from '../limits.ts';

/**
 * Patterns are decidable at a glance (design, section 2): an exact name, `*` for actions, `type:*` for resources,
 * or a prefix that ends on a separator (`/` or `:`) before the star. There is no other wildcard, so matching is a
 * prefix comparison and containment of one pattern in another is too.
 */

/** Whether `name` (an action or an entity) is covered by a pattern that was accepted when it was stored. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!pattern.endsWith('*')) return pattern === name;
  const prefixLength = pattern.length - 1;
  return name.length > prefixLength && name.startsWith(pattern.slice(0, prefixLength));
}

/** Patterns prepared for being compared with many names. */
export interface CompiledPatterns {
  readonly names: readonly string[];
  /** What stands before the star; the empty prefix covers every action. */
  readonly prefixes: readonly string[];
}

export function compilePatterns(patterns: readonly string[]): CompiledPatterns {
  return {
    names: patterns.filter((pattern) => !pattern.endsWith('*')),
    prefixes: patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1)),
  };
}

/** Whether one of the patterns matches `name`. */
export function coversName({ names, prefixes }: CompiledPatterns, name: string): boolean {
  for (let i = 0; i < names.length; i++) if (names[i] === name) return true;
  for (let i = 0; i < prefixes.length; i++) {
    const prefix = prefixes[i];
    if (prefix !== undefined && name.length > prefix.length && name.startsWith(prefix)) return true;
  }
  return false;
}

/** Whether everything that `inner` covers is covered by `outer`: C(child) ⊆ C(parent), pattern by pattern. */
export function containsPattern(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  if (!outer.endsWith('*')) return false;
  const prefix = outer.slice(0, -1);
  return inner.length > prefix.length && inner.startsWith(prefix);
}

/** What is wrong with an action pattern, or undefined. */
export function actionPatternFault(pattern: string): string | undefined {
  if (pattern === '*') return undefined;
  const name = starred(pattern, 'read:*');
  if (typeof name === 'object') return name.fault;
  return actionFault(name);
}

/** What is wrong with the name of an action, or undefined. */
export function actionFault(name: string): string | undefined {
  if (name.length > LIMITS.idBytes) return `the action is longer than ${LIMITS.idBytes} characters`;
  return idFault(name)
    ?.replace(/\bid\b/, 'action')
    .replace('ids may', 'actions may');
}

/** What is wrong with a pattern over entities (resources, or principals), or undefined. */
export function entityPatternFault(pattern: string): string | undefined {
  if (pattern === '*') {
    return 'a bare "*" would cover every type: name the type, like tool:* or document:*';
  }
  if (pattern.endsWith(':*') && pattern.indexOf(':') === pattern.length - 2) return typeFault(pattern.slice(0, -2));
  const name = starred(pattern, 'tool:github/*');
  if (typeof name === 'object') return name.fault;
  const parsed = parseEntity(name);
  return parsed.ok ? undefined : parsed.error;
}

/** The type of the entities that an entity pattern covers. */
export function typeOfPattern(pattern: string): string {
  return pattern.slice(0, pattern.indexOf(':'));
}

/** The pattern without `/*` or `:*` at its end, or what is wrong with its star. */
function starred(pattern: string, example: string): string | { readonly fault: string } {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern;
  if (star !== pattern.length - 1) {
    return {
      fault: `"${shorten(pattern)}" has a star that is not at its end: only a last segment may be left open, like ${example}`,
    };
  }
  const separator = pattern.at(-2);
  if (separator !== '/' && separator !== ':') {
    return {
      fault: `"${shorten(pattern)}" has a star in the middle of a name: it must stand after / or :, like ${example}`,
    };
  }
  return pattern.slice(0, -2);
}
