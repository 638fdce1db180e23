import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDecodable, parseBody as parseBytes } from '../../src/wire/parse-body.ts';

const parseBody = (text: string) => parseBytes(Buffer.from(text));
const SEED = { seed: 20261124, numRuns: 100 };

describe('parseBody', () => {
  test('gives any JSON back as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        const hasRefusedKey = /"(?:__proto__|constructor|prototype)":/.test(text);
        const parsed = parseBody(text);
        const hasUnsafeNumber = /(?<!["\w.-])-?\d{16,}(?![\d.]*e)/.test(text);
        if (hasUnsafeNumber) return;
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

  const message = (text: string | Buffer, numbers?: 'exact' | 'double') => {
    const parsed = parseBytes(Buffer.from(text), numbers);
    return parsed.ok ? undefined : parsed.error;
  };

  test.each<[string, string, string]>([
    ['a member twice', '{"a":1,"a":1}', 'line 1, column 8'],
    ['by an escape', '{"amount":9,"\\u0061mount":1}', '"amount" twice'],
    ['deeper down', '[{"x":[{"b":1,\n"b":2}]}]', 'line 2, column 1'],
    ['the empty name', '{"":1,"":2}', '""'],
    ['an integer that is another one', '{"n":9007199254740993}', '9007199254740993'],
    ['the first integer that two texts mean', '[9007199254740992]', 'column 2'],
    ['a negative one', '-9007199254740993', 'send it as a text'],
    ['with a fraction of zeros', '[9007199254740993.0]', '9007199254740993.0'],
    ['what overflows', '[1e400]', '1e400'],
    ['what underflows', '[1e-400]', '1e-400'],
    ['half a surrogate pair', '"\\ud800"', 'lone surrogate'],
    ['half a pair in a name', '{"\\udc00":1}', 'lone surrogate'],
    ['a byte order mark', '\ufeff{}', 'not JSON'],
  ])('%s is refused, with its place', (_what, text, told) => {
    expect(message(text)).toContain(told);
  });

  test('what is no UTF-8 is refused, not repaired', () => {
    for (const bytes of [
      Buffer.from('{"id":"m\xfcller"}', 'latin1'),
      Buffer.from('{"a":1}', 'utf16le'),
      Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    ]) {
      expect(message(bytes)).toMatch(/UTF-8|not JSON/);
    }
  });

  test('the edges pass', () => {
    for (const text of [
      '9007199254740991',
      '-9007199254740991',
      '1e23',
      '0.1',
      '0',
      '0e-400',
      '{"a":{"a":1}}',
      '"\\ud83d\\ude00"',
    ])
      expect(message(text)).toBeUndefined();
  });

  test('where numbers are doubles they are rounded, but never infinite', () => {
    expect(parseBytes(Buffer.from('[9007199254740993]'), 'double')).toEqual({ ok: true, value: [9007199254740992] });
    expect(message('[1e400]', 'double')).toContain('1e400');
    expect(message('{"a":1,"a":1}', 'double')).toContain('twice');
  });

  /** A text and whether some object in it has a member twice, known from how it was made. */
  interface Made {
    readonly text: string;
    readonly repeats: boolean;
  }

  test('a member that stands twice is found wherever it is, and nothing else is taken for one', () => {
    const names = fc.constantFrom('a', 'b', 'A', '\\u0061', '', 'x:{', '\\"');
    const made = fc.letrec((tie) => {
      const value = tie('value') as fc.Arbitrary<Made>;
      return {
        value: fc.oneof(
          { depthSize: 'small' },
          fc.constantFrom('1', '"a:1,a:2"', 'null', '"\\\\"').map((text) => ({ text, repeats: false })),
          fc.array(value, { maxLength: 3 }).map((all) => ({
            text: `[${all.map(({ text }) => text)}]`,
            repeats: all.some(({ repeats }) => repeats),
          })),
          fc.array(fc.tuple(names, value), { maxLength: 3 }).map((all) => ({
            text: `{${all.map(([name, { text }]) => `"${name}" : ${text}`)}}`,
            repeats:
              new Set(all.map(([name]) => JSON.parse(`"${name}"`))).size < all.length ||
              all.some(([, { repeats }]) => repeats),
          })),
        ),
      };
    }).value as fc.Arbitrary<Made>;
    let repeated = 0;
    fc.assert(
      fc.property(made, ({ text, repeats }) => {
        if (repeats) repeated += 1;
        expect(message(text)?.includes('twice') ?? false).toBe(repeats);
      }),
      { ...SEED, numRuns: 2000 },
    );
    expect(repeated).toBeGreaterThan(200);
  });
});

test('a query is percent-encoded UTF-8', () => {
  expect(['/a', '/a?b=c', '/a?b=%C3%BC', '/a%F6?b=1', '/a?b=100%25'].every(isDecodable)).toBe(true);
  expect(['/a?b=%F6', '/a?b=%', '/a?%ED%A0%80'].some(isDecodable)).toBe(false);
  // A byte beyond ASCII, as Node gives it.
  expect(['/a?b=m\xfcller', '/m\xfcller'].some(isDecodable)).toBe(false);
});
