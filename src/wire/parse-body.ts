import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { BodyFault } from './refusal.ts';

/** Keys by which JavaScript takes data for more than data. Nothing that Behalf reads is called so. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Only by an escape can a lone surrogate come into a body, as UTF-8 has none. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * JSON and nothing else, for every door: well formed (RFC 8259), no deeper than `LIMITS.inputDepth`, and without keys
 * that programs have been tricked with. Anything else is refused, never repaired. An empty body is no body.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    const parsed = parseBody(text.toString());
    if (parsed.ok) done(null, parsed.value);
    else done(new BodyFault(parsed.error));
  });
}

/** The value of a JSON text, or what is wrong with it in one sentence. */
export function parseBody(text: string): Result<unknown, string> {
  if (text === '') return ok(undefined);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (fault) {
    return err(`the body is not JSON: ${fault instanceof Error ? fault.message : 'it cannot be read'}`);
  }
  const wrong = inspect(value) ?? (ESCAPED_SURROGATE.test(text) ? loneSurrogate(value) : undefined);
  return wrong === undefined ? ok(value) : err(wrong);
}

/** Looks at every key, level by level: no recursion, so that no depth can exhaust the stack. */
function inspect(value: unknown): string | undefined {
  let level = isContainer(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > LIMITS.inputDepth) {
      return `the body is nested more than ${LIMITS.inputDepth} deep (limit inputDepth)`;
    }
    const next: object[] = [];
    for (const container of level) {
      if (Array.isArray(container)) {
        for (const element of container) if (isContainer(element)) next.push(element);
        continue;
      }
      for (const [key, member] of Object.entries(container)) {
        if (REFUSED_KEYS.has(key)) return `the body has the key "${key}", which is refused everywhere`;
        if (isContainer(member)) next.push(member);
      }
    }
    level = next;
  }
  return undefined;
}

/** A text that no UTF-8 can hold can be neither stored nor recorded (RFC 8259, section 8.2; RFC 8785, 3.2.2.2). */
function loneSurrogate(value: unknown): string | undefined {
  // As deep as `inspect` has found it to be, at most.
  const isBroken = (part: unknown): boolean => {
    if (typeof part === 'string') return !part.isWellFormed();
    if (!isContainer(part)) return false;
    return Object.entries(part).some(([key, member]) => !key.isWellFormed() || isBroken(member));
  };
  return isBroken(value) ? 'the body has a text with a lone surrogate, which is no Unicode text' : undefined;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
