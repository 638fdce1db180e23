import type { Environment } from '@marcbachmann/cel-js';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import { mapSize } from '../value.ts';
import { define, defineNamespace, type Functions } from './define.ts';
import { format } from './format.ts';

/** The library counts UTF-16 units where CEL counts code points, and changes the case of more than ASCII. */
export const REPLACED_STRING_FUNCTIONS = [
  'size',
  'indexOf',
  'lastIndexOf',
  'substring',
  'lowerAscii',
  'upperAscii',
  'trim',
  'split',
  'join',
];

/** Unicode's White_Space, as cel-go trims it: JavaScript's also trims U+FEFF and leaves U+0085. */
const SPACE_BEFORE = /^[\p{White_Space}]+/u;
const SPACE_AFTER = /[\p{White_Space}]+$/u;

const ONE_UNIT_EACH = /^[\0-\uD7FF\uE000-\uFFFF]*$/;

/** The code points of a text; where each is one unit, the text is its own list. */
function pointsOf(text: string): string | readonly string[] {
  return ONE_UNIT_EACH.test(text) ? text : Array.from(text);
}

function slice(points: string | readonly string[], from: number, to?: number): string {
  return typeof points === 'string' ? points.slice(from, to) : points.slice(from, to).join('');
}

/** Code points before the unit at `unit`. */
function toPoint(text: string, unit: number): bigint {
  if (unit < 0) return -1n;
  return BigInt(pointsOf(text.slice(0, unit)).length);
}

/** The unit at which code point `point` begins. */
function toUnit(text: string, point: bigint): number {
  return slice(pointsOf(text), 0, Number(point)).length;
}

function sizeOf(text: string): bigint {
  return BigInt(pointsOf(text).length);
}

function checkRange(text: string, index: bigint, what: string): void {
  if (index < 0n || index > sizeOf(text)) fail(`${what}: ${index} lies outside of the text`);
}

function charAt(text: string, index: bigint): string {
  checkRange(text, index, 'charAt()');
  return slice(pointsOf(text), Number(index), Number(index) + 1);
}

function indexOf(text: string, part: string, from = 0n): bigint {
  checkRange(text, from, 'indexOf()');
  return toPoint(text, text.indexOf(part, toUnit(text, from)));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  if (from === undefined) return toPoint(text, text.lastIndexOf(part));
  checkRange(text, from, 'lastIndexOf()');
  return toPoint(text, text.lastIndexOf(part, toUnit(text, from)));
}

function substring(text: string, from: bigint, to?: bigint): string {
  const end = to ?? sizeOf(text);
  checkRange(text, from, 'substring()');
  checkRange(text, end, 'substring()');
  if (end < from) fail(`substring(): the end ${end} lies before the start ${from}`);
  return slice(pointsOf(text), Number(from), Number(end));
}

/** A negative limit replaces everything. */
function replace(text: string, part: string, by: string, limit = -1n): string {
  if (limit === 0n) return text;
  const pieces = part === '' ? ['', ...pointsOf(text), ''] : text.split(part);
  const count = limit < 0n ? pieces.length - 1 : Math.min(Number(limit), pieces.length - 1);
  spend((pieces.length >> 3) + (count * by.length) / 64);
  const rest = pieces.slice(count).join(part);
  return count === 0 ? text : `${pieces.slice(0, count).join(by)}${by}${rest}`;
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  const pieces = separator === '' ? Array.from(text) : text.split(separator);
  spend(pieces.length >> 2);
  if (limit < 0n || pieces.length <= Number(limit)) return pieces;
  const kept = pieces.slice(0, Number(limit) - 1);
  return [...kept, pieces.slice(Number(limit) - 1).join(separator)];
}

function join(list: readonly unknown[], separator = ''): string {
  const texts = list.map((element) => (typeof element === 'string' ? element : fail('join() takes a list of strings')));
  spend(texts.reduce((length, text) => length + text.length + separator.length, 0) / 64);
  return texts.join(separator);
}

/** cel-spec's string functions and cel-go's extension library "Strings", in the library's place. */
export function registerStrings(environment: Environment): void {
  define(environment, {
    ...sizes(),
    'string.charAt(int): string': charAt,
    'string.0indexOf(string): int': (text: string, part: string) => indexOf(text, part),
    'string.0indexOf(string, int): int': indexOf,
    'string.0lastIndexOf(string): int': (text: string, part: string) => lastIndexOf(text, part),
    'string.0lastIndexOf(string, int): int': lastIndexOf,
    'string.0substring(int): string': (text: string, from: bigint) => substring(text, from),
    'string.0substring(int, int): string': substring,
    'string.0lowerAscii(): string': (text: string) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
    'string.0upperAscii(): string': (text: string) => text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
    'string.0trim(): string': (text: string) => text.replace(SPACE_BEFORE, '').replace(SPACE_AFTER, ''),
    'string.0split(string): list<string>': (text: string, separator: string) => split(text, separator),
    'string.0split(string, int): list<string>': split,
    'list.0join(): string': (list: readonly unknown[]) => join(list),
    'list.0join(string): string': join,
    'string.replace(string, string): string': (text: string, part: string, by: string) => replace(text, part, by),
    'string.replace(string, string, int): string': replace,
    'string.reverse(): string': (text: string) => Array.from(text).reverse().join(''),
    'string.format(list): string': format,
  });
}

function sizes(): Functions {
  const ofType: Functions = {
    string: sizeOf,
    bytes: (bytes: Uint8Array) => BigInt(bytes.length),
    list: (list: readonly unknown[]) => BigInt(list.length),
    map: (map: object) => BigInt(mapSize(map)),
  };
  return Object.fromEntries(
    Object.entries(ofType).flatMap(([type, size]) => [
      [`0size(${type}): int`, size],
      [`${type}.0size(): int`, size],
    ]),
  );
}

/** `strings.quote`. */
export function registerStringsNamespace(environment: Environment): void {
  defineNamespace(environment, 'strings', { 'quote(string): string': quote });
}

const ESCAPES: { readonly [character: string]: string } = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  return `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => ESCAPES[character] ?? character)}"`;
}
