import type { Bitset } from './bitset.ts';
import type { Field } from './fields.ts';

/**
 * Which records of a segment have which values. Records are counted from 0 (their ordinals). An index is derived from
 * the records, and never the truth: what it finds is read from the lines and compared once more.
 */
export interface SegmentIndex {
  /** Records that it covers: the first so many of the segment. */
  readonly count: number;
  /** The earliest and latest time among them, whole milliseconds. */
  readonly earliest: number;
  readonly latest: number;
  /** Bytes that were read from its file until now. */
  readonly readBytes: number;
  /** The records with this value. */
  postings(field: Field, value: string): Postings | undefined;
  /** Those of all values of a field, or of those that begin with `prefix`, in the order of the values (UTF-16). */
  terms(field: Field, prefix?: string): Iterable<Term>;
  /** The time of each record, whole milliseconds. */
  times(): ArrayLike<number>;
  /** Where some of the lines begin. */
  places(): Places;
}

export interface Postings {
  addTo(records: Bitset): void;
  /** How many of these records there are. */
  countIn(records: Bitset): number;
}

export interface Term {
  readonly value: string;
  readonly postings: Postings;
}

/** Ordinals, ascending, and the offsets in the file at which the lines of those records begin. */
export interface Places {
  readonly ordinals: ArrayLike<number>;
  readonly offsets: ArrayLike<number>;
}

/** The index of the last place at or before an ordinal, -1 where there is none. */
export function lastPlace({ ordinals }: Places, ordinal: number): number {
  let low = 0;
  let high = ordinals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ordinals[middle] ?? Number.POSITIVE_INFINITY) <= ordinal) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
