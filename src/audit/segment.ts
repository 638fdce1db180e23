import { closeSync, fsyncSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../core/result.ts';
import { type Line, linesBackFrom, linesFrom } from './lines.ts';
import type { Link } from './log.ts';
import { checkLine, readFrame } from './record.ts';

/** A file of the log: the records from `first` on, in order, `length` bytes of them. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  length: number;
}

const NAME = /^decisions-(\d{16})\.jsonl$/;
/** Below this many bytes reading on is quicker than another jump. */
const SCAN_BYTES = 16 * 1024;

export function segmentPath(directory: string, first: number): string {
  return join(directory, `decisions-${String(first).padStart(16, '0')}.jsonl`);
}

/** The segments of a directory, oldest first, with the lengths that they have now. */
export function listSegments(directory: string): Segment[] {
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

/** What a segment was found to be: its last link (that of `after` if it is empty) and where its whole lines end. */
export interface CheckedSegment {
  readonly last: Link | undefined;
  readonly records: number;
  readonly end: number;
}

/** Checks each record of a segment against its own hash and the one before; the first that fails is named. */
export function checkSegment(
  segment: Segment,
  node: string | undefined,
  after: Link | undefined,
): Result<CheckedSegment, string> {
  return withFile(segment.path, (fd) => {
    let last = after;
    let records = 0;
    let end = 0;
    for (const line of linesFrom(fd, 0, segment.length)) {
      if (!line.complete) break;
      const link = checkLine(line.bytes, node, last);
      if (!link.ok) return err(`${segment.path}, line ${records + 1}: ${link.error}`);
      if (records === 0 && link.value.sequence !== segment.first) {
        return err(`${segment.path} begins with sequence ${link.value.sequence}, which is not the one in its name`);
      }
      last = link.value;
      records += 1;
      end = line.start + line.bytes.length + 1;
    }
    return ok({ last, records, end });
  });
}

/** The same as `checkSegment` from the first and the last record only. */
export function checkEnds(segment: Segment, node: string, after: Link | undefined): Result<Link, string> {
  return withFile(segment.path, (fd) => {
    const [first] = linesFrom(fd, 0, segment.length).take(1);
    if (first === undefined) return err(`${segment.path} is empty, though records follow it`);
    const begin = checkLine(first.bytes, node, after);
    if (!begin.ok) return err(`${segment.path}, line 1: ${begin.error}`);
    if (begin.value.sequence !== segment.first) {
      return err(`${segment.path} begins with sequence ${begin.value.sequence}, which is not the one in its name`);
    }
    const [last] = linesBackFrom(fd, segment.length).take(1);
    const end = last === undefined ? begin : checkLine(last.bytes, node, undefined);
    return end.ok ? end : err(`${segment.path}, last line: ${end.error}`);
  });
}

/** The line of the record with `sequence`, by halving: the sequence at the start of a line says where to go on. */
export function findLine(fd: number, segment: Segment, sequence: number): Line | undefined {
  let low = 0;
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
