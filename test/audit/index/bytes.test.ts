import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/audit/index/bytes.ts';

test('what is written is read back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.maxSafeNat(), fc.maxSafeInteger(), fc.string({ unit: 'grapheme' }), fc.nat(0xffffffff))),
      (rows) => {
        const writer = new ByteWriter();
        for (const [natural, integer, text, word] of rows) {
          writer.varint(natural);
          // Twice a signed number is written.
          writer.signed(Math.trunc(integer / 2));
          writer.text(text);
          writer.uint32(word);
        }
        const reader = new ByteReader(Buffer.from(writer.written));
        for (const [natural, integer, text, word] of rows) {
          expect(reader.varint()).toBe(natural);
          expect(reader.signed() + 0).toBe(Math.trunc(integer / 2) + 0);
          expect(reader.text()).toBe(text);
          expect(reader.uint32()).toBe(word);
        }
        expect(reader.isAtEnd).toBe(true);
      },
    ),
    { seed: 5 },
  );
});

test.each([[Buffer.from([0x80])], [Buffer.from([5, 1])]])('what ends too early is an error', (bytes) => {
  const reader = new ByteReader(bytes);
  expect(() => reader.text()).toThrow(RangeError);
});
