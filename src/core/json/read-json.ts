import { shorten } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import { err, ok, type Result } from '../result.ts';
import { repeatedMember } from './repeated-member.ts';
import { isSafe, scanJson } from './scan-json.ts';

/** Keys by which JavaScript takes data for more than data. Nothing that Behalf reads is called so. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Only by an escape can a lone surrogate come into a text that was UTF-8. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * How numbers are taken: `exact` refuses those that a double does not hold as they are written, integers beyond
 * ±(2^53 − 1) and what is too large or too small for one (RFC 7493, section 2.2); `double` rounds as every reader of
 * doubles does, and refuses only what would be infinite.
 */
export type Numbers = 'exact' | 'double';

/**
 * The value of a JSON text that every correct parser understands in the same way (RFC 8259; RFC 7493, section 2): no member
 * twice in one object, no lone surrogate, no number that becomes another one, no deeper than `inputDepth`, and without keys
 * that programs have been tricked with. Anything else is refused, never repaired, and the error says where it stands.
 */
export function readJson(text: string, numbers: Numbers = 'exact'): Result<unknown, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (fault) {
    return err(`is not JSON: ${fault instanceof Error ? fault.message : 'it cannot be read'}`);
  }
  const scan = scanJson(text, numbers === 'exact' ? isSafe : isFiniteNumber);
  if (scan.depth > LIMITS.inputDepth) {
    return err(`is nested more than ${LIMITS.inputDepth} deep (limit inputDepth)`);
  }
  const found = countMembers(value);
  if (typeof found === 'string') return err(`has the key "${found}", which is refused everywhere`);
  if (found !== scan.members) {
    const { name, at } = repeatedMember(text);
    return err(
      `has the member ${JSON.stringify(shorten(name))} twice in one object, ${placeIn(text, at)}: send it once`,
    );
  }
  if (scan.inexact !== undefined) {
    const { literal, at } = scan.inexact;
    return err(
      `has the number ${shorten(literal)}, ${placeIn(text, at)}, which a double does not hold (integers up to ±(2^53 − 1)): send it as a text`,
    );
  }
  return text.includes('\\u') && ESCAPED_SURROGATE.test(text) && hasLoneSurrogate(value)
    ? err('has a text with a lone surrogate, which is no Unicode text')
    : ok(value);
}

function isFiniteNumber(literal: string): boolean {
  return Number.isFinite(Number(literal));
}

/** How many members its objects have; or a key that is refused. As deep as the scan has found it to be, at most. */
function countMembers(value: unknown): number | string {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const element of value) {
      const within = countMembers(element);
      if (typeof within === 'string') return within;
      members += within;
    }
    return members;
  }
  for (const key of Object.keys(value)) {
    if (REFUSED_KEYS.has(key)) return key;
    const within = countMembers((value as { readonly [key: string]: unknown })[key]);
    if (typeof within === 'string') return within;
    members += 1 + within;
  }
  return members;
}

/** A text that no UTF-8 can hold can be neither stored nor recorded (RFC 8259, section 8.2; RFC 8785, 3.2.2.2). */
function hasLoneSurrogate(part: unknown): boolean {
  if (typeof part === 'string') return !part.isWellFormed();
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(([key, member]) => !key.isWellFormed() || hasLoneSurrogate(member));
}

function placeIn(text: string, at: number): string {
  const before = text.slice(0, at);
  return `at line ${before.split('\n').length}, column ${at - before.lastIndexOf('\n')}`;
}
