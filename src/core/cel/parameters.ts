import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import type { ParameterType } from '../model/model.ts';
import { err, ok, type Result } from '../result.ts';
import { fromBase64 } from './functions/base64.ts';
import { parseIp } from './functions/ip-address.ts';
import { Ip } from './functions/network.ts';
import { parseDuration, parseTimestamp } from './functions/time.ts';
import { isMap, typeName } from './value.ts';

/** The library's name of a parameter's type. */
export function celTypeOf(type: ParameterType): string {
  switch (type.name) {
    case 'any':
      return 'dyn';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'ipaddress':
      return IP_ADDRESS;
    case 'list':
      return `list<${type.of === undefined ? 'dyn' : celTypeOf(type.of)}>`;
    case 'map':
      return `map<string, ${type.of === undefined ? 'dyn' : celTypeOf(type.of)}>`;
    default:
      return type.name;
  }
}

export const IP_ADDRESS = 'IPAddress';

/**
 * A JSON value as a parameter of the declared type, by OpenFGA's rules: numbers may come as text, integers may have
 * no fraction, durations, timestamps and addresses come as text. The error says what would have been right.
 */
export function toParameter(value: unknown, type: ParameterType): Result<unknown, string> {
  switch (type.name) {
    case 'any':
      return ok(value);
    case 'bool':
      return typeof value === 'boolean' ? ok(value) : expected('true or false', value);
    case 'string':
      return typeof value === 'string' ? ok(value) : expected('a string', value);
    case 'int':
      return toInteger(value, MIN_INT, MAX_INT) ?? expected('an integer of 64 bits', value);
    case 'uint':
      return toUint(value) ?? expected('an integer of 64 bits that is not negative', value);
    case 'double':
      return toDouble(value) ?? expected('a number', value);
    case 'bytes':
      return fromText(value, fromBase64) ?? expected('bytes in base64', value);
    case 'duration':
      return fromText(value, parseDuration) ?? expected('a duration such as 1h30m', value);
    case 'timestamp':
      return fromText(value, parseTimestamp) ?? expected('a timestamp in RFC 3339', value);
    case 'ipaddress':
      return fromText(value, toIp) ?? expected('an IP address', value);
    case 'list':
      return Array.isArray(value) ? toList(value, type.of) : expected('a list', value);
    case 'map':
      return isMap(value) ? toMap(value, type.of) : expected('a map', value);
  }
}

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;
const INTEGER = /^[+-]?\d{1,20}$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function expected(what: string, value: unknown): Result<never, string> {
  const found = typeof value === 'string' ? `"${value.slice(0, 64)}"` : describe(value);
  return err(`expected ${what}, found ${found}`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'number' ? `${value}` : `a ${typeName(value)}`;
}

function fromText<T>(value: unknown, parse: (text: string) => T | undefined): Result<T, string> | undefined {
  const parsed = typeof value === 'string' ? parse(value) : undefined;
  return parsed === undefined ? undefined : ok(parsed);
}

function toInteger(value: unknown, least: bigint, most: bigint): Result<bigint, string> | undefined {
  const integer = readInteger(value);
  return integer === undefined || integer < least || integer > most ? undefined : ok(integer);
}

function readInteger(value: unknown): bigint | undefined {
  if (typeof value === 'string' && INTEGER.test(value)) return BigInt(value.replace('+', ''));
  const number = readNumber(value);
  return number !== undefined && Number.isInteger(number) ? BigInt(number) : undefined;
}

function toUint(value: unknown): Result<UnsignedInt, string> | undefined {
  const integer = toInteger(value, 0n, MAX_UINT);
  return integer?.ok ? ok(new UnsignedInt(integer.value)) : undefined;
}

function toDouble(value: unknown): Result<number, string> | undefined {
  const number = readNumber(value);
  return number === undefined ? undefined : ok(number);
}

function readNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function toIp(text: string): Ip | undefined {
  const address = parseIp(text);
  return address === undefined ? undefined : new Ip(address);
}

function toList(list: readonly unknown[], of: ParameterType = { name: 'any' }): Result<unknown, string> {
  const elements: unknown[] = [];
  for (const [index, element] of list.entries()) {
    const converted = toParameter(element, of);
    if (!converted.ok) return err(`element ${index}: ${converted.error}`);
    elements.push(converted.value);
  }
  return ok(elements);
}

function toMap(map: object, of: ParameterType = { name: 'any' }): Result<unknown, string> {
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(map)) {
    const converted = toParameter(value, of);
    if (!converted.ok) return err(`the key "${key.slice(0, 64)}": ${converted.error}`);
    entries.push([key, converted.value]);
  }
  return ok(Object.fromEntries(entries));
}
