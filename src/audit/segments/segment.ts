import { closeSync, fsyncSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../../core/result.ts';
import { type Header, readHeader } from '../records/header.ts';
import { type Line, linesFrom } from '../records/lines.ts';
import { readFrame } from '../records/record.ts';

/** A file of the log: its header, then the records from `first` on, in order. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  /** Bytes up to the first record: those of the header. */
  readonly start: number;
  /** Bytes that are known to be on disk. */
  length: number;
}

const NAME = /^decisions-(\d{16})\.jsonl$/;
/** Below this many bytes reading on is quicker than another jump. */
const SCAN_BYTES = 16 * 1024;

export function segmentPath(directory: string, first: number): string {
  return join(directory, `decisions-${String(first).padStart(16, '0')}.jsonl`);
}

/** A file that is named like a segment, with the length that it has now. */
export interface SegmentFile {
  readonly path: string;
  readonly first: number;
  readonly length: number;
}

/** The segments of a directory, oldest first, by their names alone. */
export function listSegments(directory: string): SegmentFile[] {
  return readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      return { path, first: Number(NAME.exec(name)?.[1]), length: statSync(path).size };
    });
}

/** Makes the entries of a directory durable: a new file is found again after a power cut only then. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Lends a file, opened for reading. */
export function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** The header of a segment, and where its records begin; undefined where its first line is not whole. */
export function headerOf(
  path: string,
  length: number,
): Result<{ readonly header: Header; readonly start: number } | undefined, string> {
  return withFile(path, (fd) => {
    const [line] = linesFrom(fd, 0, length).take(1);
    if (line === undefined || !line.complete) return ok(undefined);
    const header = readHeader(line.bytes);
    return header.ok
      ? ok({ header: header.value, start: line.bytes.length + 1 })
      : err(`${path}, line 1: ${header.error}`);
  });
}

/** The line of the record with `sequence`, by halving: the sequence at the start of a line says where to go on. */
export function findLine(fd: number, segment: Segment, sequence: number): Line | undefined {
  let low = segment.start;
  let high = segment.length;
  while (high - low > SCAN_BYTES) {
    const middle = low + Math.floor((high - low) / 2);
    const [, line] = linesFrom(fd, middle, segment.length).take(2);
    if (line === undefined || sequenceAt(line, segment) > sequence) high = middle;
    else low = line.start;
  }
  for (const line of linesFrom(fd, low, segment.length)) {
    const found = sequenceAt(line, segment);
    if (found === sequence) return line;
    if (found > sequence) return undefined;
  }
  return undefined;
}

function sequenceAt(line: Line, segment: Segment): number {
  const frame = readFrame(line.bytes);
  if (!frame.ok) throw new Error(`${segment.path}, at byte ${line.start}: ${frame.error}`);
  return frame.value.sequence;
}
