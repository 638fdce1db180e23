import type { Json } from '../entity.ts';
import { LIMITS } from '../limits.ts';
import { err, ok, type Result } from '../result.ts';

/** Said of the document, wherever the one too many stands. */
const TOO_MANY = `more than ${LIMITS.inputNodes} values`;

/** Keys by which JavaScript, or a reader of protobuf's JSON, takes data for more than data. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(['constructor', '__proto__', 'prototype', '$typeName']);

/**
 * Admits a document from outside to evaluations: plain JSON within `inputDepth` and `inputNodes`, without keys that
 * programs have been tricked with and without lone surrogates, which compare and print differently elsewhere.
 * Returns the same object, or what is wrong and where (a JSON pointer, RFC 6901).
 */
export function admitInput(value: unknown): Result<Json, string> {
  const fault = new Admission().check(value, 1);
  return fault === undefined ? ok(value as Json) : err(told(fault));
}

/** What is wrong; the way there is put together on the way back, so that nothing is spent on it where nothing is. */
interface Fault {
  pointer: string;
  readonly message: string;
}

class Admission {
  private nodes = 0;

  check(value: unknown, depth: number): Fault | undefined {
    this.nodes += 1;
    if (this.nodes > LIMITS.inputNodes) return fault(TOO_MANY);
    if (typeof value === 'string') return value.isWellFormed() ? undefined : fault('has a lone surrogate');
    if (typeof value === 'number') return Number.isFinite(value) ? undefined : fault(`is ${value}`);
    if (typeof value === 'boolean' || value === null) return undefined;
    if (typeof value !== 'object') return fault(`is not JSON but a ${typeof value}`);
    if (depth > LIMITS.inputDepth) return fault(`is nested more than ${LIMITS.inputDepth} deep`);
    return Array.isArray(value) ? this.checkList(value, depth) : this.checkMap(value, depth);
  }

  private checkList(list: readonly unknown[], depth: number): Fault | undefined {
    for (let index = 0; index < list.length; index += 1) {
      const found = this.check(list[index], depth + 1);
      if (found !== undefined) return under(`${index}`, found);
    }
    return undefined;
  }

  private checkMap(map: object, depth: number): Fault | undefined {
    const prototype: unknown = Object.getPrototypeOf(map);
    if (prototype !== Object.prototype && prototype !== null) return fault('is not a plain JSON object');
    for (const key of Object.keys(map)) {
      if (REFUSED_KEYS.has(key)) return fault(`has the key "${key}", which is refused`);
      if (!key.isWellFormed()) return fault('has a key with a lone surrogate');
      const found = this.check((map as { readonly [name: string]: unknown })[key], depth + 1);
      if (found !== undefined) return under(key.replaceAll('~', '~0').replaceAll('/', '~1'), found);
    }
    return undefined;
  }
}

function fault(message: string): Fault {
  return { pointer: '', message };
}

function under(name: string, found: Fault): Fault {
  found.pointer = `/${name}${found.pointer}`;
  return found;
}

function told({ pointer, message }: Fault): string {
  if (message === TOO_MANY) return message;
  const where = pointer === '' ? 'the document' : pointer.length <= 128 ? pointer : `${pointer.slice(0, 125)}…`;
  return `${where} ${message}`;
}
