import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { linesBackFrom, linesFrom } from '../../../src/audit/records/lines.ts';
import { withFile } from '../../../src/audit/segments/segment.ts';

const directory = mkdtempSync(join(tmpdir(), 'behalf-lines-'));
const path = join(directory, 'lines');
afterAll(() => rmSync(directory, { recursive: true }));

/** Lengths around those of the chunks that are read, so that lines end on, before and after their borders. */
const lengths = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 4090, max: 4100 }), fc.nat(30_000)), { maxLength: 40 });

function write(lineLengths: readonly number[]): { lines: string[]; starts: number[]; size: number } {
  const lines = lineLengths.map((length, n) => String.fromCharCode(97 + (n % 26)).repeat(length));
  const content = lines.map((line) => `${line}\n`).join('');
  writeFileSync(path, content);
  let start = 0;
  const starts = lines.map((line) => {
    const at = start;
    start += line.length + 1;
    return at;
  });
  return { lines, starts, size: content.length };
}

test('forwards from any offset: the rest of that line, then every line with its place', () => {
  const run = fc.property(lengths, fc.nat(), (lineLengths, seed) => {
    const { lines, starts, size } = write(lineLengths);
    const offset = size === 0 ? 0 : seed % size;
    const read = withFile(path, (fd) => [...linesFrom(fd, offset, size)]);
    const at = Math.max(
      0,
      starts.findLastIndex((start) => start <= offset),
    );
    const expected = lines.slice(at).map((line, n) => (n === 0 ? line.slice(offset - (starts[at] ?? 0)) : line));
    expect(read.map(({ bytes }) => bytes.toString())).toEqual(expected);
    expect(read.map(({ start }) => start)).toEqual([...(lines.length > 0 ? [offset] : []), ...starts.slice(at + 1)]);
    expect(read.every(({ complete }) => complete)).toBe(true);
  });
  fc.assert(run, { seed: 11, numRuns: 150 });
});

test('backwards from any line: those before it, last one first, with their places', () => {
  const run = fc.property(lengths, fc.nat(), (lineLengths, seed) => {
    const { lines, starts, size } = write(lineLengths);
    const before = lines.length === 0 ? 0 : seed % (lines.length + 1);
    const read = withFile(path, (fd) => [...linesBackFrom(fd, starts[before] ?? size)]);
    expect(read.map(({ bytes }) => bytes.toString())).toEqual(lines.slice(0, before).toReversed());
    expect(read.map(({ start }) => start)).toEqual(starts.slice(0, before).toReversed());
  });
  fc.assert(run, { seed: 12, numRuns: 150 });
});

test('a last line without its end is told', () => {
  writeFileSync(path, 'whole\nha');
  const read = withFile(path, (fd) => [...linesFrom(fd, 0, 8)]);
  expect(read.map(({ start, bytes, complete }) => [start, bytes.toString(), complete])).toEqual([
    [0, 'whole', true],
    [6, 'ha', false],
  ]);
});

test('a file that is shorter than it was said to be is an error, not an end', () => {
  writeFileSync(path, 'whole\n');
  expect(() => withFile(path, (fd) => [...linesFrom(fd, 0, 60)])).toThrow('the file ends at 6');
});
