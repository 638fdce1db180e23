import { readSync } from 'node:fs';

/** Bytes of one read: few at first, for who wants one line only, then more and more. */
const FIRST_CHUNK_BYTES = 4 * 1024;
const LARGEST_CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

export interface Line {
  /** Offset of its first byte. */
  readonly start: number;
  /** Without the line feed. */
  readonly bytes: Buffer;
  /** False for a last line without line feed. */
  readonly complete: boolean;
}

/** The lines of a file from offset `start` up to `end` (exclusive), in order. */
export function* linesFrom(fd: number, start: number, end: number): Generator<Line> {
  // In pieces, which are put together once: a line may be many chunks long.
  let rest: Buffer[] = [];
  let restStart = start;
  let size = FIRST_CHUNK_BYTES;
  for (let position = start; position < end; ) {
    const chunk = read(fd, position, Math.min(size, end - position));
    position += chunk.length;
    size = Math.min(2 * size, LARGEST_CHUNK_BYTES);
    let from = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, from)) {
      const part = chunk.subarray(from, feed);
      const bytes = rest.length === 0 ? part : Buffer.concat([...rest, part]);
      yield { start: restStart, bytes, complete: true };
      restStart += bytes.length + 1;
      rest = [];
      from = feed + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield { start: restStart, bytes: Buffer.concat(rest), complete: false };
}

/** The lines of a file that end at or before `end`, which is the end of a line: last one first. */
export function* linesBackFrom(fd: number, end: number): Generator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let size = FIRST_CHUNK_BYTES;
  for (let position = end; position > 0; ) {
    const count = Math.min(size, position);
    position -= count;
    size = Math.min(2 * size, LARGEST_CHUNK_BYTES);
    const block = Buffer.concat([read(fd, position, count), rest]);
    let lineEnd = block.length;
    for (;;) {
      const feed = lineEnd < 2 ? -1 : block.lastIndexOf(LINE_FEED, lineEnd - 2);
      if (feed < 0) break;
      yield { start: position + feed + 1, bytes: block.subarray(feed + 1, lineEnd - 1), complete: true };
      lineEnd = feed + 1;
    }
    rest = block.subarray(0, lineEnd);
  }
  if (rest.length > 0) yield { start: 0, bytes: rest.subarray(0, -1), complete: true };
}

/** The end of the last whole line between two offsets of a file; `start`, which is the end of one, where none follows. */
export function lastLineEnd(fd: number, start: number, end: number): number {
  for (let position = end; position > start; ) {
    const count = Math.min(LARGEST_CHUNK_BYTES, position - start);
    position -= count;
    const feed = read(fd, position, count).lastIndexOf(LINE_FEED);
    if (feed >= 0) return position + feed + 1;
  }
  return start;
}

function read(fd: number, position: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(fd, buffer, filled, size - filled, position + filled);
    if (count === 0) throw new Error(`the file ends at ${position + filled}, before offset ${position + size}`);
    filled += count;
  }
  return buffer;
}
