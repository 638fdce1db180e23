import { closeSync, openSync } from 'node:fs';
import type { Step } from '../../core/path/trace.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { LogError, type StoredDecision } from '../log.ts';
import { findLine, headerOf, listSegments, type Segment, withFile } from '../segments/segment.ts';
import { toLogError } from '../writing/group-commit.ts';
import { FORMAT } from './entry.ts';
import { linesBackFrom, linesFrom } from './lines.ts';
import { decodeEntry, fullStepsOf } from './read-entry.ts';
import { openRecord } from './record.ts';
import type { RecordRange, RecordSource } from './record-source.ts';

/** Steps of how many records are kept, so that they need not be read again for each record that refers to them. */
const KEPT_RECORDS = 20_000;

/**
 * The records in the files of a log directory: an auditor's copy, or the log of a node that runs. Each is checked
 * against its own hash as it is read, and that it follows the one before; what that does not show, `verifyDirectory` does.
 *
 * @throws LogError where the directory cannot be read or holds no log that this version reads
 */
export function openRecordFiles(directory: string): RecordSource {
  const files = new RecordFiles(directory);
  files.range();
  return files;
}

class RecordFiles implements RecordSource {
  private readonly directory: string;
  /** By first sequence: what headers say does not change. */
  private readonly starts = new Map<number, number>();
  private readonly known = new Map<number, readonly Step[]>();

  constructor(directory: string) {
    this.directory = directory;
  }

  range(): RecordRange {
    return asLogError(() => {
      const segments = this.segments();
      const first = segments[0]?.first ?? 1;
      // A segment may hold a header only, or a line that is being written.
      for (const segment of segments.toReversed()) {
        const last = lastSequence(segment);
        if (last !== undefined) return { first, last };
      }
      return { first, last: first - 1 };
    });
  }

  at(sequence: number): StoredDecision | undefined {
    const segment = this.segments().findLast(({ first }) => first <= sequence);
    if (segment === undefined) return undefined;
    return asLogError(() =>
      withFile(segment.path, (fd) => {
        const line = findLine(fd, segment, sequence);
        return line?.complete === true ? this.decode(line.bytes, fd, segment) : undefined;
      }),
    );
  }

  *between(first: number, last: number): Generator<StoredDecision> {
    let before: StoredDecision | undefined;
    for (const segment of this.segments()) {
      if (segment.first > last) return;
      for (const record of this.recordsOf(segment, first)) {
        if (record.sequence > last) return;
        if (before !== undefined && (record.sequence !== before.sequence + 1 || record.previous !== before.hash)) {
          throw new LogError(`${segment.path}: record ${record.id} does not follow ${before.id}: behalf audit verify`);
        }
        before = record;
        yield record;
      }
    }
  }

  private *recordsOf(segment: Segment, from: number): Generator<StoredDecision> {
    const fd = openSync(segment.path, 'r');
    try {
      const begin = from <= segment.first ? segment.start : findLine(fd, segment, from)?.start;
      if (begin === undefined) return;
      for (const line of linesFrom(fd, begin, segment.length)) {
        if (!line.complete) return;
        yield this.decode(line.bytes, fd, segment);
      }
    } catch (fault) {
      throw toLogError(fault);
    } finally {
      closeSync(fd);
    }
  }

  private decode(line: Buffer, fd: number, segment: Segment): StoredDecision {
    const opened = openRecord(line);
    if (!opened.ok) throw new LogError(`${segment.path}: ${opened.error}`);
    const { id, node, sequence, previous, hash, entry } = opened.value;
    const read = decodeEntry(entry.toString(), sequence, (place, index) => this.stepAt(fd, segment, place, index));
    if (!read.ok) throw new LogError(`${segment.path}: record ${id}: ${read.error}`);
    return { ...read.value, format: FORMAT, id, node, sequence, previous, hash };
  }

  private stepAt(fd: number, segment: Segment, sequence: number, index: number): Result<Step, string> {
    let steps = this.known.get(sequence);
    if (steps === undefined) {
      const line = sequence < segment.first ? undefined : findLine(fd, segment, sequence)?.bytes;
      const opened = line === undefined ? err('means a record that is not in its segment') : openRecord(line);
      if (!opened.ok) return opened;
      steps = fullStepsOf(opened.value.entry.toString());
      if (this.known.size >= KEPT_RECORDS) this.known.clear();
      this.known.set(sequence, steps);
    }
    const step = steps[index];
    return step === undefined ? err('means a step that its record does not have') : ok(step);
  }

  /** As long as they are now. */
  private segments(): readonly Segment[] {
    return asLogError(() => {
      const files = listSegments(this.directory);
      if (files.length === 0) throw new LogError(`${this.directory} holds no decision log: there is no segment`);
      return files.flatMap(({ path, first, length }) => {
        let start = this.starts.get(first);
        if (start === undefined) {
          const header = headerOf(path, length);
          if (!header.ok) throw new LogError(header.error);
          start = header.value?.start;
          if (start === undefined) return [];
          this.starts.set(first, start);
        }
        return [{ path, first, start, length }];
      });
    });
  }
}

function lastSequence(segment: Segment): number | undefined {
  if (segment.length <= segment.start) return undefined;
  return withFile(segment.path, (fd) => {
    const end = wholeLines(fd, segment);
    if (end <= segment.start) return undefined;
    for (const { bytes } of linesBackFrom(fd, end)) {
      const opened = openRecord(bytes);
      if (!opened.ok) throw new LogError(`${segment.path}: ${opened.error}`);
      return opened.value.sequence;
    }
    return undefined;
  });
}

/** The end of the last line that is whole. */
function wholeLines(fd: number, { length, start }: Segment): number {
  // Backwards from the end of the file the first piece is whatever stands behind the last line feed.
  for (let size = 64 * 1024; ; size *= 16) {
    const from = Math.max(start, length - size);
    let end = from;
    for (const line of linesFrom(fd, from, length)) if (line.complete) end = line.start + line.bytes.length + 1;
    if (end > from || from === start) return end;
  }
}

function asLogError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLogError(error);
  }
}
