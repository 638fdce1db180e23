import { mkdirSync } from 'node:fs';
import { lockDirectory } from './directory-lock.ts';
import { IndexKeeper } from './index/index-keeper.ts';
import type { Summary, SummaryOptions } from './index/summarize.ts';
import {
  type Appended,
  type DecisionEntry,
  type DecisionFilter,
  type DecisionLog,
  type DecisionPage,
  LogError,
  type LogState,
  type PageRequest,
  type StoredDecision,
} from './log.ts';
import { LogReader, type Readable } from './log-reader.ts';
import { boundEntry } from './privacy/bound-entry.ts';
import { Redaction, type RedactionOptions } from './privacy/redaction.ts';
import { encodeEntry, type Origin } from './records/entry.ts';
import { isNodeName, recordId } from './records/record.ts';
import { checkSegment } from './segments/check-segment.ts';
import { type Recovered, recover } from './segments/recover.ts';
import type { RetentionOptions } from './segments/retention.ts';
import type { Segment } from './segments/segment.ts';
import { SegmentKeeper } from './segments/segment-keeper.ts';
import { GroupCommit, toLogError } from './writing/group-commit.ts';
import { type StartPlace, ThreadWriter } from './writing/thread-writer.ts';
import type { LogWriter } from './writing/writer.ts';

export interface FileLogOptions extends Origin {
  /** Bytes at which another segment begins. Default: 64 MiB, which is checked in half a second when opened. */
  readonly segmentBytes?: number;
  /** Bytes of disk space that are kept back for when the disk is full. Default: none. */
  readonly reserveBytes?: number;
  /** What is taken out of entries before they are written. Default: nothing. */
  readonly redaction?: RedactionOptions;
  /** How long records are kept. Default: for ever. */
  readonly retention?: RetentionOptions;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Characters of entries that may wait for the disk: some ten thousand decisions, seconds of a busy server. */
const QUEUE_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds of one write after which nobody is kept waiting any longer: gateways have given up by then. */
const STALL_MS = 5000;

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

class FileLog implements DecisionLog, Readable {
  readonly node: string;
  readonly segments: Segment[];
  private readonly origin: Origin;
  private readonly writer: LogWriter;
  private readonly commits: GroupCommit;
  private readonly indexes: IndexKeeper;
  private readonly reader: LogReader;
  private readonly redaction: Redaction | undefined;
  private readonly keeper: SegmentKeeper | undefined;
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
    this.indexes = new IndexKeeper(segments);
    this.reader = new LogReader(this, this.indexes);
    const { redaction, retention } = options;
    this.redaction = redaction && new Redaction(redaction);
    this.keeper = retention && new SegmentKeeper(directory, segments, retention, () => this.commits.rotate());
  }

  /** Sequence of the last record on disk. */
  get last(): number {
    return this.commits.durable.sequence;
  }

  get state(): LogState {
    const { pending, durable, failure } = this.commits;
    const bytes = this.segments.reduce((sum, { length }) => sum + length, 0);
    const more = { waiting: { records: pending.records, bytes: pending.characters }, bytes, last: durable };
    if (failure !== undefined) return { status: 'failing', detail: failure, ...more };
    if (!this.writer.reserveInUse) return { status: 'ok', ...more };
    return { status: 'reserve_in_use', detail: 'the disk is full: decisions go to the space kept back', ...more };
  }

  async append(entry: DecisionEntry): Promise<Appended> {
    if (this.closed) throw new LogError('the decision log is closed');
    const written = this.toWrite(entry);
    const sequence = await this.commits.append((place, dictionary) =>
      encodeEntry(written, this.origin, place, dictionary),
    );
    this.indexes.added(sequence, written);
    return { id: recordId(sequence, this.node), sequence };
  }

  has(id: string): boolean {
    return this.reader.has(id);
  }

  get(id: string): StoredDecision | undefined {
    return asLogError(() => this.reader.get(id));
  }

  list(filter: DecisionFilter, page: PageRequest): DecisionPage {
    return asLogError(() => this.reader.list(filter, page));
  }

  async summarize(filter: DecisionFilter, options: SummaryOptions, nextTurn: () => Promise<void>): Promise<Summary> {
    try {
      return await this.reader.summarize(filter, options, nextTurn);
    } catch (error) {
      throw toLogError(error);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.keeper?.close();
    this.indexes.close();
    await this.commits.settled();
    await this.writer.close();
    this.unlock();
  }

  /** As much of an entry as may and can be recorded. */
  private toWrite(entry: DecisionEntry): DecisionEntry {
    return asLogError(() => boundEntry(this.redaction?.apply(entry) ?? entry));
  }

  private get current(): Segment {
    const current = this.segments.at(-1);
    if (current === undefined) throw new LogError('the decision log has no segment to write to');
    return current;
  }

  private written(segment: Segment): void {
    if (segment.first === this.current.first) this.current.length = segment.length;
    else {
      this.segments.push({ ...segment });
      this.keeper?.soon();
    }
    this.indexes.written(this.last);
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
}

function asLogError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLogError(error);
  }
}
