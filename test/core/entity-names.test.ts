import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idFault, typeFault } from '../../src/core/entity.ts';
import { LIMITS } from '../../src/core/limits.ts';

/** The rules of design section 4, said plainly and slowly: no short cut for the names that most are. */
function isId(id: string): boolean {
  return (
    Buffer.byteLength(id) <= LIMITS.idBytes &&
    ![...id].some((character) => /[*#\s\p{Cc}\p{Cf}\p{Cs}]/u.test(character)) &&
    id.normalize('NFC') === id &&
    id.split(/[/:]/).every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

function isType(type: string): boolean {
  return (
    type !== '' &&
    type.length <= LIMITS.typeLength &&
    ![...type].some((character) => /[:#@*\s\p{Cc}]/u.test(character)) &&
    type.normalize('NFC') === type
  );
}

/** Every ASCII character and some beyond it that the rules are about, the separators and dots often. */
const CHARACTER = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('.', '/', ':', 'a', '_', '%', '@') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u0301', 'é', '\u200b', '\u00a0', '\ud800', '\u212a', '中', '😀', '\u2028'),
  },
);
const NAME = fc.array(CHARACTER, { maxLength: 8 }).map((characters) => characters.join(''));

test('ids and types are accepted iff the rules accept them, plain or not', () => {
  fc.assert(
    fc.property(NAME, (name) => {
      expect([name, idFault(name) === undefined]).toEqual([name, isId(name)]);
      expect([name, typeFault(name) === undefined]).toEqual([name, isType(name)]);
    }),
    { seed: 20261125, numRuns: 5000 },
  );
});

test('every single ASCII character, alone, first, in the middle and last', () => {
  for (let code = 0; code < 0x80; code++) {
    const character = String.fromCharCode(code);
    for (const name of [
      character,
      `${character}a`,
      `a${character}b`,
      `a${character}`,
      `a/${character}`,
      `${character}:b`,
    ]) {
      expect([name, idFault(name) === undefined]).toEqual([name, isId(name)]);
      expect([name, typeFault(name) === undefined]).toEqual([name, isType(name)]);
    }
  }
});

test.each([
  ['a', LIMITS.idBytes],
  ['é', LIMITS.idBytes / 2],
])('the longest id of %s', (character, most) => {
  expect(idFault(character.repeat(most))).toBeUndefined();
  expect(idFault(character.repeat(most + 1))).toBe(`the id is longer than ${LIMITS.idBytes} bytes`);
});

test('the longest type', () => {
  expect(typeFault('t'.repeat(LIMITS.typeLength))).toBeUndefined();
  expect(typeFault('t'.repeat(LIMITS.typeLength + 1))).toContain(`longer than ${LIMITS.typeLength}`);
});

test('a long name that nearly fits is refused at once', () => {
  const started = performance.now();
  for (let count = 0; count < 1000; count++) idFault(`${'a/'.repeat(127)}*`);
  expect(performance.now() - started).toBeLessThan(1000);
});
