import type { Json } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import { err, ok, type Result } from '../result.ts';

/** Keys by which JavaScript, or a reader of protobuf's JSON, takes data for more than data. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(['constructor', '__proto__', 'prototype', '$typeName']);

/**
 * Admits a document from outside to evaluations: plain JSON within `inputDepth` and `inputNodes`, without keys that
 * programs have been tricked with and without lone surrogates, which compare and print differently elsewhere.
 * Returns the same object, or what is wrong and where (a JSON pointer, RFC 6901).
 */
export function admitInput(value: unknown): Result<Json, string> {
  const fault = new Admission().check(value, '', 1);
  return fault === undefined ? ok(value as Json) : err(fault);
}

class Admission {
  private nodes = 0;

  check(value: unknown, pointer: string, depth: number): string | undefined {
    this.nodes += 1;
    if (this.nodes > LIMITS.inputNodes) return `more than ${LIMITS.inputNodes} values`;
    if (typeof value === 'string') return value.isWellFormed() ? undefined : fault(pointer, 'has a lone surrogate');
    if (typeof value === 'number') return Number.isFinite(value) ? undefined : fault(pointer, `is ${value}`);
    if (typeof value === 'boolean' || value === null) return undefined;
    if (typeof value !== 'object') return fault(pointer, `is not JSON but a ${typeof value}`);
    if (depth > LIMITS.inputDepth) return fault(pointer, `is nested more than ${LIMITS.inputDepth} deep`);
    return Array.isArray(value) ? this.checkList(value, pointer, depth) : this.checkMap(value, pointer, depth);
  }

  private checkList(list: readonly unknown[], pointer: string, depth: number): string | undefined {
    for (let index = 0; index < list.length; index += 1) {
      const found = this.check(list[index], `${pointer}/${index}`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private checkMap(map: object, pointer: string, depth: number): string | undefined {
    const prototype: unknown = Object.getPrototypeOf(map);
    if (prototype !== Object.prototype && prototype !== null) return fault(pointer, 'is not a plain JSON object');
    for (const [key, value] of Object.entries(map)) {
      if (REFUSED_KEYS.has(key)) return fault(pointer, `has the key "${key}", which is refused`);
      if (!key.isWellFormed()) return fault(pointer, 'has a key with a lone surrogate');
      const found = this.check(value, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function fault(pointer: string, message: string): string {
  const where = pointer === '' ? 'the document' : pointer.length <= 128 ? pointer : `${pointer.slice(0, 125)}…`;
  return `${where} ${message}`;
}
