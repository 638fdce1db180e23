import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import type { Json } from '../entity.ts';
import { toBase64 } from './functions/base64.ts';
import { formatDuration, formatTimestamp } from './functions/time.ts';
import { isMap, mapGet } from './value.ts';

/**
 * A CEL value as JSON, by protobuf's JSON mapping (which Cerbos's outputs follow): integers beyond 2^53 as strings,
 * timestamps in RFC 3339, durations in seconds (`3600s`), bytes in base64, infinities and NaN by name. An optional
 * is what it holds, or null; a value of another type is the text that it has.
 */
export function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : `${value}`;
    case 'bigint':
      return integer(value);
  }
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof UnsignedInt) return integer(value.value);
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Uint8Array) return toBase64(value);
  if (value instanceof Optional) return value.hasValue() ? toJson(value.value()) : null;
  if (isMap(value)) return mapToJson(value);
  return String(value);
}

/** Whether every part of a value has a form of its own in protobuf's JSON; a type and what is not finite have not. */
export function hasJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return value !== undefined;
  if (Array.isArray(value)) return value.every(hasJson);
  if (value instanceof Optional) return !value.hasValue() || hasJson(value.value());
  if (isMap(value)) {
    const keys = value instanceof Map ? [...value.keys()] : Object.keys(value);
    return keys.every((key) => hasJson(mapGet(value, key)));
  }
  return [UnsignedInt, Date, Duration, Uint8Array].some((type) => value instanceof type);
}

function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function mapToJson(map: object): Json {
  const keys = map instanceof Map ? [...map.keys()] : Object.keys(map);
  const entries = keys.map((key) => [String(key), toJson(mapGet(map, key))] as const);
  return Object.fromEntries(entries);
}
