import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBody } from '../../src/wire/parse-body.ts';

const SEED = { seed: 20261124, numRuns: 100 };

describe('parseBody', () => {
  test('gives any JSON back as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        const hasRefusedKey = /"(?:__proto__|constructor|prototype)":/.test(text);
        const parsed = parseBody(text);
        expect(parsed.ok).toBe(!hasRefusedKey);
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
      }),
      SEED,
    );
  });

  test('an empty body is no body', () => {
    expect(parseBody('')).toEqual({ ok: true, value: undefined });
  });

  test('32 levels pass, 33 do not', () => {
    const nested = (depth: number) =>
      `${'{"a":['.repeat(depth / 2)}${depth % 2 === 1 ? '{}' : ''}${']}'.repeat(depth / 2)}`;
    expect(parseBody(nested(32)).ok).toBe(true);
    expect(parseBody(nested(33)).ok).toBe(false);
    expect(parseBody('['.repeat(400_000) + ']'.repeat(400_000))).toMatchObject({
      ok: false,
      error: expect.stringContaining('inputDepth'),
    });
  });

  test.each(['{"a":{"__proto__":1}}', '[{"constructor":{}}]', '{"a":[[{"prototype":null}]]}', '{"__pr\\u006fto__":1}'])(
    '%s is refused',
    (text) => {
      expect(parseBody(text)).toMatchObject({ ok: false, error: expect.stringContaining('refused everywhere') });
    },
  );

  test('such names as values are only text', () => {
    expect(parseBody('{"a":"__proto__","b":["constructor"]}').ok).toBe(true);
  });
});
