import { LogError, type LogHead } from '../log.ts';
import { StepDictionary } from '../records/step-dictionary.ts';
import type { Segment } from '../segments/segment.ts';
import type { Batch, LogWriter, Written } from './writer.ts';

export interface GroupCommitLimits {
  /** Bytes at which another segment begins. */
  readonly segmentBytes: number;
  /** Characters of entries that may wait: what comes beyond it is refused, as no memory is endless. */
  readonly queueCharacters: number;
  /** Milliseconds that a write may take before whoever waits is told that the log fails. */
  readonly stallMs: number;
}

interface Waiting {
  readonly entry: string;
  readonly sequence: number;
  readonly rotates: boolean;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: LogError) => void;
}

/** Around an entry in its line: id, hashes and their names. */
const FRAME_BYTES = 220;

/**
 * Gives entries their places in the chain and hands them to the writer in batches: what comes while a batch is being
 * written shares the next one. Nothing is acknowledged before it is on disk, and what cannot be written falls with all
 * that was to follow it, so that the chain has no gap.
 */
export class GroupCommit {
  /** The last record on disk. */
  durable: LogHead;
  /** Why the last write failed, or that it takes too long. */
  failure: string | undefined;
  private readonly writer: LogWriter;
  private readonly limits: GroupCommitLimits;
  private readonly written: (segment: Segment) => void;
  private readonly dictionary = new StepDictionary();
  /** The last sequence that was given away; ahead of `durable` by what waits or is being written. */
  private assigned: number;
  /** Bytes of the segment that the next record goes to, about, with those that wait. */
  private openBytes: number;
  /** Of the segment that was written to last, on disk. */
  private segmentBytes: number;
  private waiting: Waiting[] = [];
  private characters = 0;
  /** A batch that begins a segment failed: its file may be there, so the next one has to begin it. */
  private mustRotate = false;
  /** The segment that is written to has been for long enough. */
  private rotationDue = false;
  private isStalled = false;
  private stalled = Promise.withResolvers<void>();
  private writing: Promise<void> | undefined;

  /** @param written hears of the segment that was written to, before those who wait do */
  constructor(
    writer: LogWriter,
    place: { readonly last: LogHead; readonly segmentBytes: number },
    limits: GroupCommitLimits,
    written: (segment: Segment) => void,
  ) {
    this.writer = writer;
    this.limits = limits;
    this.written = written;
    this.durable = place.last;
    this.assigned = place.last.sequence;
    this.segmentBytes = place.segmentBytes;
    this.openBytes = place.segmentBytes;
  }

  /** Records that were taken and are not on disk yet, and the characters of their entries. */
  get pending(): { readonly records: number; readonly characters: number } {
    return { records: this.assigned - this.durable.sequence, characters: this.characters };
  }

  /**
   * Takes an entry; resolves with its sequence once it is on disk.
   *
   * @param encode writes the entry for its place; what it throws refuses this entry alone
   */
  append(encode: (sequence: number, dictionary: StepDictionary) => string): Promise<number> {
    if (this.isStalled) return Promise.reject(new LogError(this.failure ?? 'the decision log is slow'));
    if (this.characters >= this.limits.queueCharacters) {
      return Promise.reject(
        new LogError(`the decision log is behind: ${this.assigned - this.durable.sequence} records wait to be written`),
      );
    }
    try {
      const sequence = this.assigned + 1;
      let rotates = this.mustRotate && this.assigned === this.durable.sequence;
      let entry = encode(sequence, this.dictionary);
      const isFull = this.openBytes + entry.length + FRAME_BYTES > this.limits.segmentBytes;
      if (!rotates && (isFull || this.rotationDue)) {
        rotates = true;
        // Each segment stands alone.
        this.dictionary.clear();
        entry = encode(sequence, this.dictionary);
      }
      if (rotates) this.rotationDue = false;
      this.openBytes = (rotates ? 0 : this.openBytes) + entry.length + FRAME_BYTES;
      this.assigned = sequence;
      this.characters += entry.length;
      return new Promise((resolve, reject) => {
        this.waiting.push({ entry, sequence, rotates, resolve, reject });
        // After the input of this turn of the event loop, so that whoever asks at the same time shares the write.
        this.writing ??= new Promise<void>((begin) => setImmediate(begin)).then(() => this.writeWaiting());
      });
    } catch (error) {
      return Promise.reject(toLogError(error));
    }
  }

  /** Lets the next entry begin a segment. The one that is written to must hold a record. */
  rotate(): void {
    this.rotationDue = true;
  }

  /** Once nothing waits any more; what is being written is not waited for where it takes too long. */
  async settled(): Promise<void> {
    while (this.writing !== undefined && !this.isStalled) await Promise.race([this.writing, this.stalled.promise]);
  }

  private async writeWaiting(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      const stall = setTimeout(() => this.stall(batch), this.limits.stallMs);
      try {
        this.advance(batch, await this.writer.write(toBatch(batch)));
      } catch (error) {
        this.fail(batch, toLogError(error));
      } finally {
        clearTimeout(stall);
      }
    }
    this.writing = undefined;
  }

  /** Those that go to one segment. */
  private takeBatch(): readonly Waiting[] {
    const next = this.waiting.findIndex(({ rotates }, index) => rotates && index > 0);
    const batch = next < 0 ? this.waiting : this.waiting.slice(0, next);
    this.waiting = next < 0 ? [] : this.waiting.slice(next);
    return batch;
  }

  private advance(batch: readonly Waiting[], { segment, last }: Written): void {
    this.failure = undefined;
    this.isStalled = false;
    if (batch[0]?.rotates) this.mustRotate = false;
    this.durable = last;
    this.forget(batch);
    this.segmentBytes = segment.length;
    if (this.waiting.length === 0) this.openBytes = segment.length;
    this.written(segment);
    for (const { sequence, resolve } of batch) resolve(sequence);
  }

  /** Those that came meanwhile follow on the batch in the chain, so they fall with it; their places are free again. */
  private fail(batch: readonly Waiting[], error: LogError): void {
    this.failure = error.message;
    this.isStalled = false;
    if (batch[0]?.rotates) this.mustRotate = true;
    this.drop(batch, this.durable.sequence, error);
    this.forget(batch);
  }

  /** Whoever waits is told; the batch that is being written may still come to be on disk. */
  private stall(batch: readonly Waiting[]): void {
    this.isStalled = true;
    this.stalled.resolve();
    this.stalled = Promise.withResolvers();
    this.failure = `the decision log is slow: a write has taken more than ${this.limits.stallMs} ms`;
    this.drop(batch, batch.at(-1)?.sequence ?? this.assigned, new LogError(this.failure));
  }

  private drop(batch: readonly Waiting[], assigned: number, error: LogError): void {
    const { waiting } = this;
    this.waiting = [];
    this.forget(waiting);
    this.assigned = assigned;
    this.openBytes = this.segmentBytes;
    this.dictionary.clear();
    for (const { reject } of [...batch, ...waiting]) reject(error);
  }

  private forget(batch: readonly Waiting[]): void {
    for (const { entry } of batch) this.characters -= entry.length;
  }
}

function toBatch(batch: readonly Waiting[]): Batch {
  return { entries: batch.map(({ entry }) => entry), rotates: batch[0]?.rotates === true };
}

export function toLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  return new LogError(`decision log: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
