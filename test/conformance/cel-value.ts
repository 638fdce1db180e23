import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from '../../src/core/cel/functions/time.ts';
import { isMap } from '../../src/core/cel/value.ts';

/** A `cel.expr.Value` in protobuf's JSON mapping (cel-spec, proto/cel/expr/value.proto). */
export type ValueJson = { readonly [kind: string]: unknown };

/** What no value of this room is (a message, an enum) or what is only compared (a type), by its name. */
class Foreign {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** The value as programs of this room take it. */
export function toCelValue(json: ValueJson): unknown {
  const [kind, value] = Object.entries(json)[0] ?? ['nothing', undefined];
  switch (kind) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return value;
    case 'int64Value':
      return BigInt(String(value));
    case 'uint64Value':
      return new UnsignedInt(BigInt(String(value)));
    case 'doubleValue':
      return Number(value);
    case 'bytesValue':
      return new Uint8Array(Buffer.from(String(value), 'base64'));
    case 'listValue':
      return ((value as { values?: ValueJson[] }).values ?? []).map(toCelValue);
    case 'mapValue':
      return toMap((value as { entries?: Entry[] }).entries ?? []);
    case 'objectValue':
      return toWellKnown(value as { readonly '@type': string; readonly value?: unknown });
    case 'typeValue':
      return new Foreign(`Type<${value}>`);
    default:
      return new Foreign(`${kind} ${JSON.stringify(value)}`);
  }
}

interface Entry {
  readonly key: ValueJson;
  readonly value: ValueJson;
}

/** JSON objects where they can be, as the inputs of decisions are. */
function toMap(entries: readonly Entry[]): unknown {
  const pairs = entries.map(({ key, value }) => [toCelValue(key), toCelValue(value)] as const);
  return pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : new Map(pairs);
}

function toWellKnown(message: { readonly '@type': string; readonly value?: unknown }): unknown {
  const name = message['@type'].replace('type.googleapis.com/', '');
  const text = String(message.value);
  switch (name) {
    case 'google.protobuf.Timestamp':
      return parseTimestamp(text) ?? new Foreign(text);
    case 'google.protobuf.Duration':
      return parseDuration(text) ?? new Foreign(text);
    default:
      return new Foreign(name);
  }
}

/** A value with its types, as text in which equal values of equal types are equal. */
export function show(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}`;
    case 'number':
      return `double(${Object.is(value, -0) ? '-0' : value})`;
    case 'boolean':
      return `${value}`;
  }
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value instanceof UnsignedInt) return `${value.value}u`;
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`;
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Duration) return `duration(${formatDuration(value)})`;
  if (value instanceof Optional) return value.hasValue() ? `optional(${show(value.value())})` : 'optional.none';
  if (value instanceof Foreign) return value.name;
  if (isMap(value)) return showMap(value instanceof Map ? [...value] : Object.entries(value));
  return String(value);
}

function showMap(entries: readonly (readonly [unknown, unknown])[]): string {
  const shown = entries.map(([key, value]) => `${show(key)}: ${show(value)}`);
  return `{${shown.sort().join(', ')}}`;
}
