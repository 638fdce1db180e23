import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admitInput } from '../../../src/core/cel/admit-input.ts';
import { LIMITS } from '../../../src/core/limits.ts';

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe('refused', () => {
  test.each<[unknown, string]>([
    [JSON.parse('{"a": {"__proto__": 1}}'), '/a has the key "__proto__", which is refused'],
    [{ constructor: 1 }, 'the document has the key "constructor", which is refused'],
    [{ a: [{ prototype: 1 }] }, '/a/0 has the key "prototype", which is refused'],
    [{ 'a/b~': { $typeName: 'google.protobuf.Struct' } }, '/a~1b~0 has the key "$typeName", which is refused'],
    [{ a: 'x\ud800' }, '/a has a lone surrogate'],
    [{ 'x\ud800': 1 }, 'the document has a key with a lone surrogate'],
    [{ a: Number.NaN }, '/a is NaN'],
    [[Number.POSITIVE_INFINITY], '/0 is Infinity'],
    [{ a: undefined }, '/a is not JSON but a undefined'],
    [{ a: 1n }, '/a is not JSON but a bigint'],
    [{ a: () => 1 }, '/a is not JSON but a function'],
    [{ a: new Date(0) }, '/a is not a plain JSON object'],
    [{ a: new Map() }, '/a is not a plain JSON object'],
    [new Array(2), '/0 is not JSON but a undefined'],
    [nested(LIMITS.inputDepth + 1), expect.stringContaining(`nested more than ${LIMITS.inputDepth} deep`)],
    [Array(LIMITS.inputNodes).fill(0), `more than ${LIMITS.inputNodes} values`],
  ])('document %#: %o', (value, message) => {
    expect(admitInput(value)).toEqual({ ok: false, error: message });
  });
});

test('admitted: everything else that JSON can say', () => {
  expect(admitInput(nested(LIMITS.inputDepth)).ok).toBe(true);
  expect(admitInput(Array(LIMITS.inputNodes - 1).fill(0)).ok).toBe(true);
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small' }), (value) => {
      const refused = /"(?:constructor|__proto__|prototype|\$typeName)":/.test(JSON.stringify(value));
      if (!refused) expect(admitInput(value)).toEqual({ ok: true, value });
    }),
    { seed: 20261124 },
  );
});

test('a document that contains itself is too deep', () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  expect(admitInput(loop).ok).toBe(false);
});
