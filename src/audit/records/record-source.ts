import type { StoredDecision } from '../log.ts';

/** The records of a log, to be read in their order: for replays and reports, whoever writes to it meanwhile. */
export interface RecordSource {
  /** Sequences of the oldest and of the last record that are there now; `last` is below `first` where there is none. */
  range(): RecordRange;
  /** The record with a sequence; undefined where there is none, or none any more. Throws `LogError` for one that was changed. */
  at(sequence: number): StoredDecision | undefined;
  /** The records with the sequences `first` to `last`, in order. Throws `LogError` at one that was changed or is missing. */
  between(first: number, last: number): Iterable<StoredDecision>;
}

export interface RecordRange {
  readonly first: number;
  readonly last: number;
}
