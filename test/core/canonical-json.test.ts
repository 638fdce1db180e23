import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Canonical, canonicalJson, inCanonicalOrder } from '../../src/core/canonical-json.ts';
import type { Json } from '../../src/core/entity.ts';

/** Names that trick whoever sorts by anything but UTF-16 code units, or lets an engine order integers. */
const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('10', '2', '0', '-1', '!', '~', '€', '\ufb33', '😀', '\u0080', 'ö', '__proto__', 'a', 'A', 'aa'),
);
const document = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary-ascii' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 6 }),
  ),
})).value;

test('any JSON is written as another implementation of RFC 8785 writes it', () => {
  const run = fc.property(document, (value) => {
    expect(canonicalJson(value as Canonical)).toBe(canonicalize(value));
  });
  fc.assert(run, { seed: 8785, numRuns: 2000 });
});

test('what is in order stays so: the quick way and the slow way write the same', () => {
  const run = fc.property(document, (value) => {
    const text = canonicalJson(value as Canonical);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });
  fc.assert(run, { seed: 8786, numRuns: 500 });
});

/** What somebody sees who goes over the members, level by level. */
function walked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(walked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, member]) => [name, walked(member)]);
}

test('a document in order is met as one that was read from its canonical JSON, and one in order stays itself', () => {
  const run = fc.property(document, (value) => {
    const ordered = inCanonicalOrder(value as Json);
    const read = JSON.parse(canonicalJson(value as Canonical));
    // Zero has no sign in canonical JSON.
    expect(JSON.stringify(walked(ordered))).toBe(JSON.stringify(walked(read)));
    const own = { a: 1, b: [{ c: 2, d: 3 }] };
    expect(inCanonicalOrder(own)).toBe(own);
  });
  fc.assert(run, { seed: 8787, numRuns: 500 });
});

test('members without a value are left out, in order or not', () => {
  expect(canonicalJson({ a: undefined, b: 1, c: { d: undefined } })).toBe('{"b":1,"c":{}}');
  expect(canonicalJson({ b: 1, a: undefined, c: [{ z: 1, y: undefined }] })).toBe('{"b":1,"c":[{"z":1}]}');
});

describe('what has no canonical form is refused, wherever it stands', () => {
  const without: readonly [string, unknown][] = [
    ['not a number', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['a lone surrogate', 'x\ud800'],
    ['a lone low surrogate after escapes', '\\\\\udc00'],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a hole in a list', [1, undefined]],
  ];
  test.each(without)('%s', (_, value) => {
    for (const place of [value, { b: [value], a: 1 }, { a: 1, b: { c: value } }]) {
      expect(() => canonicalJson(place as Canonical)).toThrow(TypeError);
    }
  });

  test('a name with a lone surrogate', () => {
    expect(() => canonicalJson({ '\udfff': 1 })).toThrow(TypeError);
  });

  test('a text that only looks like the escape of one is none', () => {
    expect(canonicalJson({ a: '\\ud800', b: '\\\\ud83d', c: '😀' })).toBe(
      String.raw`{"a":"\\ud800","b":"\\\\ud83d","c":"😀"}`,
    );
  });
});
