import type { LogHead } from '../log.ts';
import type { Segment } from '../segments/segment.ts';

/** Entries that follow one another in one segment. */
export interface Batch {
  readonly entries: readonly string[];
  /** They begin another segment. */
  readonly rotates: boolean;
}

/** Where the log ends once a batch is on disk. */
export interface Written {
  readonly segment: Segment;
  readonly last: LogHead;
}

/** Writes batches to the end of the log, one at a time. */
export interface LogWriter {
  /** Resolves once the records are on disk; rejects where none of them counts as written. */
  write(batch: Batch): Promise<Written>;
  /** The space that is kept back was given up, and is not there again yet. */
  readonly reserveInUse: boolean;
  close(): Promise<void>;
}
