import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, readLines } from '../../../src/mcp/stdio/read-lines.ts';

async function lines(chunks: readonly Buffer[], mostBytes = 1000): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of readLines(Readable.from(chunks), mostBytes)) all.push(shown(line));
  return all;
}

function shown(line: Line): string {
  return line.kind === 'line' ? line.bytes.toString() : '<oversized>';
}

function textOf(...parts: readonly string[]): readonly Buffer[] {
  return parts.map((part) => Buffer.from(part));
}

test('lines end with LF or CRLF, the last one with the stream; blank ones are passed over', async () => {
  expect(await lines(textOf('a\nb\r\n\n \t\r\nc'))).toEqual(['a', 'b', 'c']);
  expect(await lines([])).toEqual([]);
});

test('a carriage return within a line stays: it is for the decoder to refuse', async () => {
  expect(await lines(textOf('a\rb\r\r\n'))).toEqual(['a\rb\r']);
});

test('a line that is too long is told as such, and the next one is read', async () => {
  expect(await lines(textOf('12345\n123456\n12', '345678', '9\nok\n123456'), 5)).toEqual([
    '12345',
    '<oversized>',
    '<oversized>',
    'ok',
    '<oversized>',
  ]);
});

test('nothing of a line that is too long is kept while it arrives', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    for (let chunk = 0; chunk < 300; chunk++) yield Buffer.alloc(1024 * 1024, 0x61);
    yield Buffer.from('\nok\n');
  }
  const before = process.memoryUsage().arrayBuffers;
  const seen: string[] = [];
  for await (const line of readLines(endless(), 1024)) seen.push(shown(line));
  expect(seen).toEqual(['<oversized>', 'ok']);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(250 * 1024 * 1024);
});

test('how the bytes arrive makes no difference', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'é', '\r', '\n', ' ', 'long'), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 40, maxLength: 60 }),
      async (parts, sizes) => {
        const whole = Buffer.from(parts.join(''));
        const chunks: Buffer[] = [];
        let from = 0;
        for (const size of sizes) {
          chunks.push(whole.subarray(from, from + size));
          from += size;
        }
        chunks.push(whole.subarray(from));
        expect(await lines(chunks, 6)).toEqual(await lines([whole], 6));
      },
    ),
    { seed: 7, numRuns: 300 },
  );
});
