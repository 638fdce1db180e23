import { type FSWatcher, watch } from 'node:fs';
import { LogError, type StoredDecision } from '../audit/log.ts';
import type { RecordSource } from '../audit/records/record-source.ts';

/** Records of one batch: what is sent, written and remembered together. */
const BATCH_RECORDS = 500;
/** Characters, about, of the records of one batch; one alone may be larger. Well below the 4 MiB that OTLP advises. */
const BATCH_BYTES = 1024 * 1024;

/** What was exported last; nothing where `sequence` is below the first record that is wanted. */
export interface Exported {
  readonly sequence: number;
  /** Absent where it is only where to begin. */
  readonly sha256?: string;
}

export interface TailOptions {
  readonly after: Exported;
  /** Milliseconds since 1970: only records of decisions at or after it. */
  readonly notBefore?: number | undefined;
  /** Called when nothing new is there; resolves when there may be, with false when it is time to end. */
  readonly wait: () => Promise<boolean>;
  /** Told where records between were removed before they were exported. */
  readonly onGap: (first: number, last: number) => void;
}

/**
 * The records of a log after one of them, in order and in batches, from its files alone: whoever writes to it meanwhile,
 * a line that is not whole is left for later. Each follows the one before by its hash.
 *
 * @throws LogError where a record was changed, or does not follow the one that was exported before
 */
export async function* tailRecords(
  source: RecordSource,
  options: TailOptions,
): AsyncGenerator<readonly StoredDecision[]> {
  let { sequence, sha256 } = options.after;
  for (;;) {
    const { first, last } = source.range();
    if (last > sequence) {
      if (first > sequence + 1) {
        options.onGap(sequence + 1, first - 1);
        sequence = first - 1;
        sha256 = undefined;
      }
      let batch: StoredDecision[] = [];
      let bytes = 0;
      for (const record of source.between(sequence + 1, last)) {
        if (sha256 !== undefined && record.previous !== sha256) {
          throw new LogError(
            `record ${record.id} does not follow the one that was exported before it: the log was changed, or is another one (behalf audit verify)`,
          );
        }
        sequence = record.sequence;
        sha256 = record.hash;
        if (record.at < (options.notBefore ?? 0)) continue;
        batch.push(record);
        bytes += sizeOf(record);
        if (batch.length < BATCH_RECORDS && bytes < BATCH_BYTES) continue;
        yield batch;
        batch = [];
        bytes = 0;
      }
      if (batch.length > 0) yield batch;
    } else if (!(await options.wait())) return;
  }
}

/** About: inputs are what makes records large. */
function sizeOf({ request }: StoredDecision): number {
  return 1024 + JSON.stringify(request).length;
}

/** Milliseconds between two looks where the file system tells of nothing (network file systems do not), and after it did. */
const LOOK = { pollMs: 500, settleMs: 20 };

/** Wakes whoever waits when something happens in a directory, and every now and then in any case. */
export class DirectoryWatch {
  private readonly watcher: FSWatcher | undefined;
  private readonly signal: AbortSignal;
  private changed = false;
  private wake: () => void = () => {};

  /** @param signal ends the waiting */
  constructor(directory: string, signal: AbortSignal) {
    this.signal = signal;
    try {
      this.watcher = watch(directory, () => this.notice());
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      // No watches left, or none possible there: looking every now and then does it too.
    }
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  /** False when it is time to end. */
  async wait(): Promise<boolean> {
    if (!this.changed) await this.pause(LOOK.pollMs);
    // What is written in one go is looked at in one go.
    else await this.pause(LOOK.settleMs);
    this.changed = false;
    return !this.signal.aborted;
  }

  close(): void {
    this.watcher?.close();
  }

  private notice(): void {
    this.changed = true;
    this.wake();
  }

  private pause(ms: number): Promise<void> {
    if (this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
