import { closeSync, openSync } from 'node:fs';
import { type Conditions, needlesOf } from '../records/filter.ts';
import { linesBackFrom, linesFrom } from '../records/lines.ts';
import { findLine, type Segment } from '../segments/segment.ts';
import { type Candidates, candidatesOf } from './candidates.ts';
import type { Indexes } from './indexes.ts';
import { PlacedLines } from './placed-lines.ts';

export type Order = 'newest' | 'oldest';

/** The search has got to a record: what it passed on the way there cannot be what is searched for. */
export interface Visit {
  readonly sequence: number;
  /** Where that record may be what is searched for. */
  readonly line?: Buffer;
  /** Bytes that were read since the visit before. */
  readonly bytesRead: number;
}

/** Sequences, `high` exclusive. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Where a line should be that the places of an index did not lead to: no record. */
const NO_LINE = Buffer.alloc(0);
/** What opening a segment and its index is worth, in bytes. */
const SEGMENT_BYTES = 4096;

/** Goes through the records of one segment that may fulfil some conditions: by its index, or looking at every line. */
export function* visitRecords(
  segment: Segment,
  range: Range,
  order: Order,
  conditions: Conditions,
  indexes: Indexes,
): Generator<Visit> {
  const { fields, from, to } = conditions;
  const isAll = fields.length === 0 && from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY;
  const candidates = isAll ? undefined : candidatesOf(segment, conditions, indexes);
  const covered = candidates === undefined ? segment.first : segment.first + candidates.records.size;
  const indexed = { low: range.low, high: Math.min(range.high, covered) };
  const rest = { low: Math.max(range.low, covered), high: range.high };
  const byIndex = function* (): Generator<Visit> {
    if (candidates === undefined || indexed.low >= indexed.high) return;
    yield* visitCandidates(segment, indexed, order, candidates);
  };
  const byLine = function* (): Generator<Visit> {
    if (rest.low < rest.high) yield* visitLines(segment, rest, order, needlesOf(conditions));
  };
  if (order === 'newest') {
    yield* byLine();
    yield* byIndex();
  } else {
    yield* byIndex();
    yield* byLine();
  }
}

function* visitCandidates(
  segment: Segment,
  { low, high }: Range,
  order: Order,
  { records, places, bytesRead }: Candidates,
): Generator<Visit> {
  let pending = bytesRead + SEGMENT_BYTES;
  if (!records.isEmpty) {
    const fd = openSync(segment.path, 'r');
    try {
      const lines = new PlacedLines(fd, segment, places);
      const [begin, end] = [low - segment.first, high - segment.first];
      for (const ordinal of order === 'newest' ? records.downFrom(end) : records.upFrom(begin)) {
        if (ordinal < begin || ordinal >= end) break;
        const before = lines.bytesRead;
        const line = lines.at(ordinal);
        pending += lines.bytesRead - before;
        // Without one the places are wrong, and whoever visits will know.
        yield { sequence: segment.first + ordinal, line: line ?? NO_LINE, bytesRead: pending };
        pending = 0;
      }
    } finally {
      closeSync(fd);
    }
  }
  yield { sequence: order === 'newest' ? low : high - 1, bytesRead: pending };
}

function* visitLines(
  segment: Segment,
  { low, high }: Range,
  order: Order,
  needles: readonly Buffer[],
): Generator<Visit> {
  const fd = openSync(segment.path, 'r');
  try {
    const isNewest = order === 'newest';
    const begin = isNewest
      ? (findLine(fd, segment, high)?.start ?? segment.length)
      : (findLine(fd, segment, low)?.start ?? segment.length);
    let sequence = isNewest ? high : low - 1;
    for (const { bytes, start } of isNewest ? linesBackFrom(fd, begin) : linesFrom(fd, begin, segment.length)) {
      sequence += isNewest ? -1 : 1;
      if (start < segment.start || sequence < low || sequence >= high) return;
      const isCandidate = needles.every((needle) => bytes.includes(needle));
      yield { sequence, bytesRead: bytes.length, ...(isCandidate ? { line: bytes } : undefined) };
    }
  } finally {
    closeSync(fd);
  }
}
