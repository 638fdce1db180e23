import { closeSync, mkdirSync, openSync } from 'node:fs';
import { lockDirectory } from './directory-lock.ts';
import { matches, needlesOf } from './filter.ts';
import { linesBackFrom } from './lines.ts';
import {
  type DecisionEntry,
  type DecisionFilter,
  type DecisionLog,
  type DecisionPage,
  type Link,
  LogError,
  type LogState,
  type StoredDecision,
} from './log.ts';
import { decodeRecord, encodeRecord, isNodeName, recordId, sequenceOf } from './record.ts';
import { type Recovered, recover } from './recover.ts';
import { findLine, type Segment, withFile } from './segment.ts';
import { SegmentWriter } from './segment-writer.ts';

export interface FileLogOptions {
  /** Bytes at which another segment begins. Default: 64 MiB, which is checked in a quarter of a second when opened. */
  readonly segmentBytes?: number;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Bytes that one `list` looks at: some ten milliseconds, in which no decision is answered. */
const LIST_BYTES = 8 * 1024 * 1024;

/**
 * Opens or creates the decision log of `node` in a directory: segments of JSON lines (see record.ts), one chain.
 * The directory belongs to this process until `close`.
 *
 * @param node 1 to 64 letters, digits, dots and hyphens; it is part of every id.
 * @throws LogError where the directory cannot be used, another process has it, it is another node's, or a record in
 *   it was changed; the message names the file and the record.
 */
export function openFileLog(directory: string, node: string, options: FileLogOptions = {}): DecisionLog {
  if (!isNodeName(node)) {
    throw new LogError(`"${node}" is no name for a node: 1 to 64 letters, digits, dots and hyphens`);
  }
  return asLogError(() => {
    mkdirSync(directory, { recursive: true });
    const unlock = lockDirectory(directory);
    try {
      const recovered = recover(directory, node);
      if (!recovered.ok) throw new LogError(recovered.error);
      return new FileLog(directory, node, recovered.value, options.segmentBytes ?? SEGMENT_BYTES, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  });
}

interface Waiting {
  readonly record: StoredDecision;
  readonly line: string;
  readonly resolve: (record: StoredDecision) => void;
  readonly reject: (error: LogError) => void;
}

class FileLog implements DecisionLog {
  private readonly node: string;
  private readonly segments: readonly Segment[];
  private readonly writer: SegmentWriter;
  private readonly unlock: () => void;
  /** The last record on disk. */
  private durable: Link;
  /** The last record that was given a place in the chain; ahead of `durable` by what waits or is being written. */
  private assigned: Link;
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private closed = false;
  /** What the last write failed of. */
  private failure: string | undefined;

  constructor(
    directory: string,
    node: string,
    { segments, last }: Recovered,
    segmentBytes: number,
    unlock: () => void,
  ) {
    const current = segments.at(-1);
    if (current === undefined) throw new LogError(`${directory} has no segment to write to`);
    this.node = node;
    this.segments = segments;
    this.writer = new SegmentWriter(directory, segments, current, segmentBytes);
    this.unlock = unlock;
    this.durable = last;
    this.assigned = last;
  }

  get state(): LogState {
    const waiting = { records: this.assigned.sequence - this.durable.sequence, bytes: 0 };
    const { sequence, hash } = this.durable;
    const status = { waiting, last: { sequence, hash } };
    return this.failure === undefined
      ? { status: 'ok', ...status }
      : { status: 'failing', detail: this.failure, ...status };
  }

  append(entry: DecisionEntry): Promise<StoredDecision> {
    if (this.closed) return Promise.reject(new LogError('the decision log is closed'));
    try {
      const { record, line } = encodeRecord(entry, this.node, this.assigned);
      this.assigned = record;
      return new Promise((resolve, reject) => {
        this.waiting.push({ record, line, resolve, reject });
        // After the input of this turn of the event loop, so that whoever asks at the same time shares the write.
        this.writing ??= new Promise<void>((begin) => setImmediate(begin)).then(() => this.writeWaiting());
      });
    } catch (error) {
      return Promise.reject(toLogError(error));
    }
  }

  get(id: string): StoredDecision | undefined {
    const sequence = sequenceOf(id, this.node);
    const segment = sequence === undefined ? undefined : this.segmentOf(sequence);
    if (sequence === undefined || segment === undefined) return undefined;
    return asLogError(() =>
      withFile(segment.path, (fd) => {
        const line = findLine(fd, segment, sequence);
        return line && this.decode(line.bytes, segment);
      }),
    );
  }

  list(filter: DecisionFilter, page: { readonly before?: string; readonly limit: number }): DecisionPage {
    const before = page.before === undefined ? this.durable.sequence + 1 : sequenceOf(page.before, this.node);
    if (before === undefined) throw new LogError(`"${page.before}" is not the id of a record of this log`);
    return asLogError(() => {
      const needles = needlesOf(filter);
      const records: StoredDecision[] = [];
      let looked = 0;
      let next = before;
      for (const { line, segment } of this.linesBefore(before)) {
        if (records.length >= page.limit || looked >= LIST_BYTES) return { records, next: recordId(next, this.node) };
        looked += line.length;
        next -= 1;
        if (needles.every((needle) => line.includes(needle))) {
          const record = this.decode(line, segment);
          if (matches(record, filter)) records.push(record);
        }
      }
      return { records };
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.writing;
    await this.writer.close();
    this.unlock();
  }

  private async writeWaiting(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const lines = Buffer.from(batch.map(({ line }) => line).join(''));
      try {
        await this.writer.write(lines, this.durable.sequence + 1);
      } catch (error) {
        this.fail(batch, toLogError(error));
        continue;
      }
      this.failure = undefined;
      this.durable = batch.at(-1)?.record ?? this.durable;
      for (const { record, resolve } of batch) resolve(record);
    }
    this.writing = undefined;
  }

  /** Those that came meanwhile follow on the batch in the chain, so they fall with it; their places are free again. */
  private fail(batch: readonly Waiting[], error: LogError): void {
    const fallen = [...batch, ...this.waiting];
    this.waiting = [];
    this.failure = error.message;
    this.assigned = this.durable;
    for (const { reject } of fallen) reject(error);
  }

  private segmentOf(sequence: number): Segment | undefined {
    return this.segments.findLast((segment) => segment.first <= sequence);
  }

  /** The lines of the records below a sequence, last one first. */
  private *linesBefore(sequence: number): Generator<{ line: Buffer; segment: Segment }> {
    for (const segment of this.segments.toReversed()) {
      if (segment.first >= sequence || segment.length === 0) continue;
      const fd = openSync(segment.path, 'r');
      try {
        const end = findLine(fd, segment, sequence)?.start ?? segment.length;
        for (const { bytes } of linesBackFrom(fd, end)) yield { line: bytes, segment };
      } finally {
        closeSync(fd);
      }
    }
  }

  private decode(line: Buffer, segment: Segment): StoredDecision {
    const record = decodeRecord(line);
    if (!record.ok) throw new LogError(`${segment.path}: ${record.error}`);
    return record.value;
  }
}

function asLogError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLogError(error);
  }
}

function toLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  return new LogError(`decision log: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
