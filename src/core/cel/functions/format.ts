import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import { isMap, mapGet, numeric, typeName } from '../value.ts';
import { formatDuration, formatTimestamp } from './time.ts';

const CLAUSE = /%(?:\.(\d{1,3}))?([%a-zA-Z]?)/g;
/** A type as the library writes it; CEL's text of a type is its name. */
const TYPE = /^Type<(.*)>$/;
const MAX_PRECISION = 100;

/** `"%s has %d".format([a, b])` (cel-go, ext "Strings"): the verbs s d f e b o x X and %%. */
export function format(text: string, args: readonly unknown[]): string {
  let next = 0;
  const result = text.replace(CLAUSE, (_clause, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (next >= args.length) return fail(`format(): there is no argument ${next + 1}`);
    const written = formatOne(verb, args[next], Number(precision ?? 6));
    next += 1;
    spend(1 + (written.length >> 6));
    return written;
  });
  return result;
}

function formatOne(verb: string, value: unknown, precision: number): string {
  if (precision > MAX_PRECISION) fail(`format(): a precision of ${precision} is more than ${MAX_PRECISION}`);
  switch (verb) {
    case 's':
      return toText(value);
    case 'd':
      return typeof value === 'number' && !Number.isFinite(value) ? doubleText(value) : whole(value, 'd').toString();
    case 'f':
      return float(value, 'f', (number) => fixed(number, precision));
    case 'e':
      return float(value, 'e', (number) => number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2'));
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : whole(value, 'b').toString(2);
    case 'o':
      return whole(value, 'o').toString(8);
    case 'x':
      return hexadecimal(value);
    case 'X':
      return hexadecimal(value).toUpperCase();
    default:
      return fail(`format(): there is no clause %${verb}`);
  }
}

function whole(value: unknown, verb: string): bigint {
  const number = numeric(value);
  if (typeof number === 'bigint') return number;
  // Numbers that come as JSON are doubles; those without a fraction are as good as an int.
  if (typeof number === 'number' && Number.isSafeInteger(number)) return BigInt(number);
  return fail(`format(): %${verb} takes an integer, not a ${typeName(value)}`);
}

function float(value: unknown, verb: string, write: (number: number) => string): string {
  const number = numeric(value);
  if (number === undefined) return fail(`format(): %${verb} takes a number, not a ${typeName(value)}`);
  const double = Number(number);
  return Number.isFinite(double) ? write(double) : doubleText(double);
}

/** Halves go to the even neighbour, as in Go; JavaScript's go away from zero. */
function fixed(number: number, precision: number): string {
  const rounded = number.toFixed(precision);
  const exact = number.toFixed(MAX_PRECISION);
  const kept = exact.length - MAX_PRECISION + precision;
  const isHalf = /^50*$/.test(exact.slice(kept));
  return isHalf && /[13579]$/.test(rounded) ? exact.slice(0, precision === 0 ? kept - 1 : kept) : rounded;
}

function hexadecimal(value: unknown): string {
  if (typeof value === 'string') return bytesToHex(new TextEncoder().encode(value));
  if (value instanceof Uint8Array) return bytesToHex(value);
  return whole(value, 'x').toString(16);
}

function bytesToHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** As cel-go writes doubles: infinities with a sign, numbers as short as they can be told apart. */
function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return 'Infinity';
  return value === Number.NEGATIVE_INFINITY ? '-Infinity' : `${value}`;
}

/** Any value as `%s` writes it; keys of maps in order, so that the same map gives the same text. */
function toText(value: unknown): string {
  spend(1);
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return doubleText(value);
    case 'bigint':
    case 'boolean':
      return `${value}`;
  }
  if (Array.isArray(value)) return `[${value.map(toText).join(', ')}]`;
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof UnsignedInt) return `${value.value}`;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (!isMap(value)) return `${value}`.replace(TYPE, '$1');
  const keys = value instanceof Map ? [...value.keys()] : Object.keys(value);
  const entries = keys.map((key) => [toText(key), toText(mapGet(value, key))] as const);
  return `{${entries
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, text]) => `${key}: ${text}`)
    .join(', ')}}`;
}
