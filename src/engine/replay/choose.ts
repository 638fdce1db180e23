import { createHash } from 'node:crypto';
import type { RecordRange, RecordSource } from '../../audit/records/record-source.ts';
import { LIMITS } from '../../core/limits.ts';

/** Records with a time between `from` (inclusive) and `to` (exclusive), milliseconds since 1970; absent: no bound. */
export interface Period {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Records that are looked at, from where halving has come, for one whose time tells of those around it. */
const MOST_SKIPPED = 500;

export function isWithin(at: number, { from, to }: Period): boolean {
  return (from === undefined || at >= from) && (to === undefined || at < to);
}

/**
 * The places that hold all records of a period, and few others. Times count up with the sequence, except of results of
 * searches: those have the time of the first page, which may be `LIMITS.searchTokenMs` older.
 */
export function placesOf(records: RecordSource, { from, to }: Period): RecordRange {
  const range = records.range();
  const first = from === undefined ? range.first : firstAt(records, range, from);
  const last = to === undefined ? range.last : firstAt(records, range, to + LIMITS.searchTokenMs) - 1;
  return { first, last };
}

/** The first place whose record, and all after it, have a time of at least `time`. */
function firstAt(records: RecordSource, { first, last }: RecordRange, time: number): number {
  let low = first;
  let high = last + 1;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (timeFrom(records, middle, high) >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The time of the first record from a place on that is no result of a search. */
function timeFrom(records: RecordSource, place: number, end: number): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (let at = place; at < Math.min(end, place + MOST_SKIPPED); at += 1) {
    const record = records.at(at);
    if (record === undefined) break;
    latest = Math.max(latest, record.at);
    if (record.search === undefined) break;
  }
  return latest;
}

/**
 * So many places, drawn by a seed, in order: the same for everybody who knows it, and known to nobody before it is. The
 * hash of the last record is a good one: whoever changed an older record could not know which ones would be drawn.
 */
export function drawPlaces({ first, last }: RecordRange, count: number, seed: string): readonly number[] {
  const size = last - first + 1;
  if (count >= size) return Array.from({ length: Math.max(0, size) }, (_, index) => first + index);
  const drawn = new Set<number>();
  for (let turn = 0; drawn.size < count; turn += 1) {
    const bytes = createHash('sha256').update(`${seed}:${turn}`).digest();
    // 48 bits: a log has far fewer records, so that each is as likely as the others.
    drawn.add(first + (bytes.readUIntBE(0, 6) % size));
  }
  return [...drawn].sort((a, b) => a - b);
}
