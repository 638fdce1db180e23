import { closeSync, mkdirSync, openSync } from 'node:fs';
import type { Step } from '../core/path/trace.ts';
import { err, ok, type Result } from '../core/result.ts';
import { checkSegment } from './check-segment.ts';
import { lockDirectory } from './directory-lock.ts';
import { encodeEntry, FORMAT, type Origin } from './entry.ts';
import { matches, needlesOf } from './filter.ts';
import { GroupCommit, toLogError } from './group-commit.ts';
import { linesBackFrom } from './lines.ts';
import {
  type Appended,
  type DecisionEntry,
  type DecisionFilter,
  type DecisionLog,
  type DecisionPage,
  LogError,
  type LogState,
  type StoredDecision,
} from './log.ts';
import { decodeEntry, fullStepsOf } from './read-entry.ts';
import { isNodeName, openRecord, recordId, sequenceOf } from './record.ts';
import { type Recovered, recover } from './recover.ts';
import { findLine, type Segment, withFile } from './segment.ts';
import { type StartPlace, ThreadWriter } from './thread-writer.ts';
import type { LogWriter } from './writer.ts';

export interface FileLogOptions extends Origin {
  /** Bytes at which another segment begins. Default: 64 MiB, which is checked in half a second when opened. */
  readonly segmentBytes?: number;
  /** Bytes of disk space that are kept back for when the disk is full. Default: none. */
  readonly reserveBytes?: number;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Characters of entries that may wait for the disk: some ten thousand decisions, seconds of a busy server. */
const QUEUE_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds of one write after which nobody is kept waiting any longer: gateways have given up by then. */
const STALL_MS = 5000;
/** Bytes that one `list` looks at: some ten milliseconds, in which no decision is answered. */
const LIST_BYTES = 8 * 1024 * 1024;
/** Steps of how many records one call of `get` or `list` keeps, so that it need not read them again. */
const KEPT_RECORDS = 1000;

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
      return new FileLog(directory, node, recovered.value, options, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  });
}

class FileLog implements DecisionLog {
  private readonly node: string;
  private readonly origin: Origin;
  private readonly segments: Segment[];
  private readonly writer: LogWriter;
  private readonly commits: GroupCommit;
  private readonly unlock: () => void;
  private closed = false;

  constructor(
    directory: string,
    node: string,
    { segments, end }: Recovered,
    options: FileLogOptions,
    unlock: () => void,
  ) {
    this.node = node;
    this.origin = options;
    this.segments = segments;
    this.unlock = unlock;
    let recovered: StartPlace | undefined = { segment: this.current, end };
    this.writer = new ThreadWriter({ directory, node, reserveBytes: options.reserveBytes ?? 0 }, () => {
      const place = recovered ?? this.endOnDisk();
      recovered = undefined;
      return place;
    });
    this.commits = new GroupCommit(
      this.writer,
      { last: { ...end.last, root: end.frontier.root() }, segmentBytes: this.current.length },
      { segmentBytes: options.segmentBytes ?? SEGMENT_BYTES, queueCharacters: QUEUE_CHARACTERS, stallMs: STALL_MS },
      (segment) => this.written(segment),
    );
  }

  get state(): LogState {
    const { pending, durable, failure } = this.commits;
    const more = { waiting: { records: pending.records, bytes: pending.characters }, last: durable };
    if (failure !== undefined) return { status: 'failing', detail: failure, ...more };
    if (!this.writer.reserveInUse) return { status: 'ok', ...more };
    return { status: 'reserve_in_use', detail: 'the disk is full: decisions go to the space kept back', ...more };
  }

  async append(entry: DecisionEntry): Promise<Appended> {
    if (this.closed) throw new LogError('the decision log is closed');
    const sequence = await this.commits.append((place, dictionary) =>
      encodeEntry(entry, this.origin, place, dictionary),
    );
    return { id: recordId(sequence, this.node), sequence };
  }

  get(id: string): StoredDecision | undefined {
    const sequence = sequenceOf(id, this.node);
    const segment = sequence === undefined ? undefined : this.segmentOf(sequence);
    if (sequence === undefined || segment === undefined) return undefined;
    return asLogError(() => {
      const line = this.lineOf(segment, sequence);
      return line && this.decode(line, segment, new Map());
    });
  }

  list(filter: DecisionFilter, page: { readonly before?: string; readonly limit: number }): DecisionPage {
    const before = page.before === undefined ? this.commits.durable.sequence + 1 : sequenceOf(page.before, this.node);
    if (before === undefined) throw new LogError(`"${page.before}" is not the id of a record of this log`);
    return asLogError(() => {
      const needles = needlesOf(filter);
      const records: StoredDecision[] = [];
      const known: KnownSteps = new Map();
      let looked = 0;
      let next = before;
      for (const { line, segment } of this.linesBefore(before)) {
        if (records.length >= page.limit || looked >= LIST_BYTES) return { records, next: recordId(next, this.node) };
        looked += line.length;
        next -= 1;
        if (needles.every((needle) => line.includes(needle))) {
          const record = this.decode(line, segment, known);
          if (matches(record, filter)) records.push(record);
        }
      }
      return { records };
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.commits.settled();
    await this.writer.close();
    this.unlock();
  }

  private get current(): Segment {
    const current = this.segments.at(-1);
    if (current === undefined) throw new LogError('the decision log has no segment to write to');
    return current;
  }

  private written(segment: Segment): void {
    if (segment.first === this.current.first) this.current.length = segment.length;
    else this.segments.push({ ...segment });
  }

  /** For a thread that takes the place of one that died: what was acknowledged, and nothing beyond it. */
  private endOnDisk(): StartPlace {
    const segment = { ...this.current };
    const checked = checkSegment(segment, this.node, undefined);
    if (!checked.ok) throw new LogError(checked.error);
    const { durable } = this.commits;
    if (checked.value?.end.last.hash !== durable.hash) {
      throw new LogError(`${segment.path} does not end with record ${recordId(durable.sequence, this.node)}`);
    }
    return { segment, end: checked.value.end };
  }

  private segmentOf(sequence: number): Segment | undefined {
    return this.segments.findLast((segment) => segment.first <= sequence);
  }

  private lineOf(segment: Segment, sequence: number): Buffer | undefined {
    return withFile(segment.path, (fd) => findLine(fd, segment, sequence)?.bytes);
  }

  /** The lines of the records below a sequence, last one first. */
  private *linesBefore(sequence: number): Generator<{ line: Buffer; segment: Segment }> {
    for (const segment of this.segments.toReversed()) {
      if (segment.first >= sequence || segment.length === segment.start) continue;
      const fd = openSync(segment.path, 'r');
      try {
        const end = findLine(fd, segment, sequence)?.start ?? segment.length;
        for (const { start, bytes } of linesBackFrom(fd, end)) {
          if (start >= segment.start) yield { line: bytes, segment };
        }
      } finally {
        closeSync(fd);
      }
    }
  }

  private decode(line: Buffer, segment: Segment, known: KnownSteps): StoredDecision {
    const opened = openRecord(line);
    if (!opened.ok) throw new LogError(`${segment.path}: ${opened.error}`);
    const { id, node, sequence, previous, hash, entry } = opened.value;
    const read = decodeEntry(entry.toString(), sequence, (place, index) => this.stepAt(segment, place, index, known));
    if (!read.ok) throw new LogError(`${segment.path}: record ${id}: ${read.error}`);
    return { ...read.value, format: FORMAT, id, node, sequence, previous, hash };
  }

  private stepAt(segment: Segment, sequence: number, index: number, known: KnownSteps): Result<Step, string> {
    let steps = known.get(sequence);
    if (steps === undefined) {
      const line = sequence < segment.first ? undefined : this.lineOf(segment, sequence);
      const opened = line === undefined ? err('means a record that is not in its segment') : openRecord(line);
      if (!opened.ok) return opened;
      steps = fullStepsOf(opened.value.entry.toString());
      if (known.size >= KEPT_RECORDS) known.clear();
      known.set(sequence, steps);
    }
    const step = steps[index];
    return step === undefined ? err('means a step that its record does not have') : ok(step);
  }
}

/** The steps that stand in full in a record, by its sequence: unique in the log. */
type KnownSteps = Map<number, readonly Step[]>;

function asLogError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLogError(error);
  }
}
