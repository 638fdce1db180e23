import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Names } from '../../../src/core/relationships/names.ts';
import { compareText } from '../../../src/core/relationships/tuple-order.ts';

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '\u07ff', '\u0800', '\ud834\udd1e', '\uffff', '#'), maxLength: 4 }),
);
const RUN = { seed: 20261124, numRuns: 200 };

describe('Names', () => {
  it('number every text once and give it back', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 120 }), (texts) => {
        const names = new Names();
        const numbers = new Map<string, number>();
        for (const one of texts) {
          expect(names.find(one)).toBe(numbers.get(one) ?? -1);
          const number = names.intern(one);
          expect(number).toBe(numbers.get(one) ?? numbers.size);
          numbers.set(one, number);
        }
        expect(names.size).toBe(numbers.size);
        for (const [one, number] of numbers) {
          expect(names.text(number)).toBe(one);
          expect(names.find(one)).toBe(number);
        }
      }),
      RUN,
    );
  });

  it('compare as their texts do, with what is put behind them', () => {
    const end = fc.constantFrom('', '#member', '#m');
    fc.assert(
      fc.property(text, end, text, end, (left, leftEnd, right, rightEnd) => {
        const names = new Names();
        const order = names.compare(names.intern(left), leftEnd, names.intern(right), rightEnd);
        expect(Math.sign(order)).toBe(compareText(left + leftEnd, right + rightEnd));
      }),
      { ...RUN, numRuns: 1000 },
    );
  });

  it('keep thousands apart', () => {
    const names = new Names();
    for (let count = 0; count < 20_000; count++) expect(names.intern(`user:${count}`)).toBe(count);
    for (let count = 0; count < 20_000; count += 7) {
      expect(names.text(count)).toBe(`user:${count}`);
      expect(names.find(`user:${count}`)).toBe(count);
    }
    expect(names.find('user:20000')).toBe(-1);
  });
});
