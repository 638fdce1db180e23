import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { spend } from './evaluation.ts';

/** A value of this room's own types that knows when it equals another one. */
export interface Comparable {
  equals(other: unknown): boolean;
}

/** Steps that handling `value` once takes: strings by the block, lists and maps by the element. */
export function sizeInSteps(value: unknown): number {
  if (typeof value === 'string') return value.length >> 6;
  if (Array.isArray(value)) return value.length >> 2;
  if (value instanceof Uint8Array) return value.length >> 6;
  if (isMap(value)) return mapSize(value);
  return 0;
}

export function isMap(value: unknown): value is Map<unknown, unknown> | { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function mapSize(map: object): number {
  return map instanceof Map ? map.size : Object.keys(map).length;
}

/** Whether a value is an optional that holds none. */
export function isAbsent(value: unknown): boolean {
  return value instanceof Optional && !value.hasValue();
}

/** The value under a key, or undefined: never anything that the map merely inherits. */
export function mapGet(map: object, key: unknown): unknown {
  if (map instanceof Map) return map.get(key);
  const name = String(key);
  return Object.hasOwn(map, name) ? (map as Record<string, unknown>)[name] : undefined;
}

/** An int, uint or double as something that JavaScript compares exactly: `1n == 1` holds there too. */
export function numeric(value: unknown): bigint | number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return value instanceof UnsignedInt ? value.value : undefined;
}

/**
 * Equality across all of CEL's types (cel-spec, langdef "Equality"): numbers by their value whatever their type,
 * lists and maps by their elements, values of different types unequal. Spends by what it compares.
 */
export function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const number = numeric(left);
  if (number !== undefined) {
    const other = numeric(right);
    // biome-ignore lint/suspicious/noDoubleEquals: of a bigint and a number, == compares the exact values
    return other !== undefined && number == other;
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) return Array.isArray(right) && equalLists(left, right);
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime();
  if (left instanceof Duration) {
    return right instanceof Duration && left.seconds === right.seconds && left.nanos === right.nanos;
  }
  if (left instanceof Uint8Array) return right instanceof Uint8Array && equalBytes(left, right);
  if (left instanceof Optional) return right instanceof Optional && equalOptionals(left, right);
  if ('equals' in left && typeof left.equals === 'function' && !isMap(left)) return (left as Comparable).equals(right);
  return isMap(left) && isMap(right) && equalMaps(left, right);
}

function equalLists(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  spend(left.length >> 2);
  return left.every((element, index) => equal(element, right[index]));
}

function equalMaps(left: object, right: object): boolean {
  const keys = left instanceof Map ? [...left.keys()] : Object.keys(left);
  if (keys.length !== mapSize(right)) return false;
  spend(keys.length);
  return keys.every((key) => {
    const other = mapGet(right, key);
    return other !== undefined && equal(mapGet(left, key), other);
  });
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function equalOptionals(left: Optional, right: Optional): boolean {
  if (!left.hasValue() || !right.hasValue()) return left.hasValue() === right.hasValue();
  return equal(left.value(), right.value());
}

/** Whether a list holds an element equal to `value`. Spends by the list's length, more where elements go deep. */
export function contains(list: readonly unknown[], value: unknown): boolean {
  spend(typeof value === 'object' && value !== null ? list.length : list.length >> 3);
  return list.some((element) => equal(element, value));
}

/** `value in container`, for a list or the keys of a map. */
export function isIn(value: unknown, container: unknown): boolean | undefined {
  if (Array.isArray(container)) return contains(container, value);
  if (isMap(container)) return mapGet(container, numeric(value) ?? value) !== undefined;
  return undefined;
}

/** A value's CEL type, as messages name it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return 'double';
    case 'bigint':
      return 'int';
    default:
      if (Array.isArray(value)) return 'list';
      if (value instanceof UnsignedInt) return 'uint';
      if (value instanceof Date) return 'timestamp';
      if (value instanceof Duration) return 'duration';
      if (value instanceof Uint8Array) return 'bytes';
      return isMap(value) ? 'map' : 'object';
  }
}
