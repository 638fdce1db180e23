import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DecodeOptions, decodeMessage } from '../../../src/mcp/messages/decode-message.ts';
import { depthOf, readJson, type Tree, toValue, treesIn } from '../../support/json-reference.ts';
import { anyJsonText, anyMessageText, mutated } from '../../support/json-texts.ts';
import { runs, SEED } from '../../support/laws.ts';

// The decoder against a reader that is slow and plain: both accept the same texts and understand the same by them.

type Members = readonly (readonly [string, Tree])[];

/** What the reference understands, or why it refuses. */
function reference(text: string, singleLine: boolean): { readonly value: unknown } | string {
  if (depthOfText(text) > 128) return 'deep';
  const tree = readJson(text);
  if (tree === undefined) return 'not JSON';
  if (tree.kind !== 'object') return 'no object';
  for (const inner of treesIn(tree)) {
    if (inner.kind === 'object' && new Set(inner.members.map(([name]) => name)).size < inner.members.length) {
      return 'repeated';
    }
  }
  if (depthOf(tree) > 128) return 'deep';
  if (singleLine && /[\r\n]/.test(text.trim())) return 'broken';
  const value = toValue(tree);
  return (
    (envelope(tree.members) ?? (tree.members.some(([name]) => name === 'method') ? strictly(tree) : undefined)) || {
      value,
    }
  );
}

/** Brackets outside of strings, with a fresh look at every character. */
function depthOfText(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (inString && character === '\\') at += 1;
    else if (character === '"') inString = !inString;
    else if (!inString && '[{'.includes(character)) depth += 1;
    else if (!inString && ']}'.includes(character)) depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function envelope(members: Members): string | undefined {
  const known = new Map(members);
  const allowed = known.has('method') ? ['jsonrpc', 'id', 'method', 'params'] : ['jsonrpc', 'id', 'result', 'error'];
  if (members.some(([name]) => !allowed.includes(name))) return 'stranger';
  const version = known.get('jsonrpc');
  if (version?.kind !== 'string' || version.text !== '2.0') return 'version';
  const id = known.get('id');
  if (known.has('method')) {
    if (known.get('method')?.kind !== 'string') return 'method';
    if (known.has('params') && known.get('params')?.kind !== 'object') return 'params';
    return id === undefined || isId(id) ? undefined : 'id';
  }
  const error = known.get('error');
  if (known.has('result') === known.has('error')) return 'shape';
  if (error === undefined) return known.get('result')?.kind === 'object' && id && isId(id) ? undefined : 'result';
  const parts = error.kind === 'object' ? new Map(error.members) : new Map<string, Tree>();
  const code = parts.get('code');
  const isInteger = code?.kind === 'number' && Number.isSafeInteger(Number(code.literal));
  if (!isInteger || parts.get('message')?.kind !== 'string') return 'error';
  return id && (isId(id) || (id.kind === 'word' && id.word === 'null')) ? undefined : 'id';
}

function isId(tree: Tree): boolean {
  if (tree.kind === 'string') return true;
  if (tree.kind !== 'number') return false;
  const number = Number(tree.literal);
  return Number.isSafeInteger(number) && 1 / number !== -Infinity;
}

function strictly(tree: Tree): string | undefined {
  for (const inner of treesIn(tree)) {
    if (inner.kind === 'number' && !isExact(inner.literal)) return 'number';
    if (inner.kind === 'string' && !inner.text.isWellFormed()) return 'surrogate';
    if (inner.kind !== 'object') continue;
    const names = inner.members.map(([name]) => name);
    if (names.some((name) => !name.isWellFormed() || name.includes('\0'))) return 'name';
    if (new Set(names.map(withoutCase)).size < names.length) return 'case';
  }
  return undefined;
}

function withoutCase(name: string): string {
  return [...name].map((one) => (one === '\u212a' ? 'k' : one === '\u017f' ? 's' : one.toLowerCase())).join('');
}

function isExact(literal: string): boolean {
  const number = Number(literal);
  if (Math.abs(number) === Infinity) return false;
  if (number === 0) return !/[1-9]/.test(literal.split(/[eE]/)[0] ?? '');
  return /[.eE]/.test(literal) || BigInt(literal) === BigInt(number);
}

const counts = { accepted: 0, refused: new Map<string, number>() };

function agree(input: Uint8Array | string, options: DecodeOptions): void {
  const decoded = decodeMessage(input, options);
  const text = typeof input === 'string' ? input : toText(input);
  const understood = text === undefined ? 'not UTF-8' : reference(text, options.singleLine === true);
  const seen = typeof understood === 'string' ? undefined : understood.value;
  if (typeof understood === 'string') counts.refused.set(understood, (counts.refused.get(understood) ?? 0) + 1);
  else counts.accepted += 1;
  expect(decoded.ok, `${JSON.stringify(text)}: ${JSON.stringify(understood)} and ${JSON.stringify(decoded)}`).toBe(
    typeof understood !== 'string',
  );
  if (decoded.ok) expect(decoded.value).toEqual(seen);
  else expect([-32700, -32600]).toContain(decoded.error.error.code);
}

/** Strictly, by the round trip. */
function toText(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

const options = fc.record({ singleLine: fc.boolean() });

test.each<[string, fc.Arbitrary<Uint8Array | string>, number]>([
  ['messages', anyMessageText, 4000],
  ['JSON texts', anyJsonText, 500],
  ['messages with changed bytes', mutated(anyMessageText), 2500],
  ['texts with any characters', fc.string({ unit: 'binary' }), 500],
  ['any bytes', fc.uint8Array({ maxLength: 40 }), 500],
])('%s', (_, inputs, times) => {
  fc.assert(fc.property(inputs, options, agree), { seed: SEED, numRuns: runs(times) });
});

test('texts nested to every depth', () => {
  for (const depth of [1, 2, 125, 126, 127, 128, 129, 1000]) {
    const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    agree(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":${nested}}}`, {});
    agree(`{"jsonrpc":"2.0","id":1,"result":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`, {});
  }
});

test('all kinds of refusals were met, and messages that are fine', () => {
  if (process.env.BEHALF_COUNTS !== undefined) console.log(counts);
  expect(counts.accepted).toBeGreaterThan(1000);
  for (const kind of [
    'not UTF-8',
    'not JSON',
    'repeated',
    'broken',
    'deep',
    'stranger',
    'id',
    'number',
    'surrogate',
    'name',
    'case',
  ]) {
    expect(counts.refused.get(kind) ?? 0, kind).toBeGreaterThan(0);
  }
});
