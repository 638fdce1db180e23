import type { Conditions } from '../records/filter.ts';
import type { Segment } from '../segments/segment.ts';
import { Bitset } from './bitset.ts';
import type { Indexes } from './indexes.ts';
import type { Places, SegmentIndex } from './segment-index.ts';

/** What the index of a segment says of some conditions. */
export interface Candidates {
  /** Of the records that the index covers, those that may fulfil them: by their ordinals. */
  readonly records: Bitset;
  readonly places: Places;
  /** Bytes that were read to find them. */
  readonly bytesRead: number;
}

/** The candidates in a segment; undefined where it has no index that can be used. */
export function candidatesOf(segment: Segment, conditions: Conditions, indexes: Indexes): Candidates | undefined {
  const index = indexes.of(segment);
  if (index === undefined) return undefined;
  try {
    const before = index.readBytes;
    const records = select(index, conditions);
    const places = records.isEmpty ? { ordinals: [], offsets: [] } : index.places();
    return { records, places, bytesRead: index.readBytes - before };
  } catch {
    // Whatever is wrong with it: the records are what counts.
    indexes.lost(segment);
    return undefined;
  }
}

/** The records of a segment that fulfil the conditions, as its index says. */
export function select(index: SegmentIndex, { fields, from, to }: Conditions): Bitset {
  const all = new Bitset(index.count);
  // The times of an index are whole milliseconds.
  const begin = Math.floor(from);
  if (index.count === 0 || index.latest < begin || index.earliest >= to) return all;
  const isWithin = index.earliest >= begin && index.latest < to;
  let found: Bitset | undefined = isWithin ? undefined : during(index, begin, to);
  for (const condition of fields) {
    if (found?.isEmpty === true) return found;
    const records = new Bitset(index.count);
    if ('value' in condition) index.postings(condition.field, condition.value)?.addTo(records);
    else {
      for (const { value, postings } of index.terms(condition.field, condition.prefix)) {
        if (value.length > condition.prefix.length) postings.addTo(records);
      }
    }
    if (found === undefined) found = records;
    else found.intersect(records);
  }
  if (found !== undefined) return found;
  for (let ordinal = 0; ordinal < index.count; ordinal += 1) all.add(ordinal);
  return all;
}

function during(index: SegmentIndex, from: number, to: number): Bitset {
  const records = new Bitset(index.count);
  const times = index.times();
  for (let ordinal = 0; ordinal < index.count; ordinal += 1) {
    const at = times[ordinal] ?? Number.NaN;
    if (at >= from && at < to) records.add(ordinal);
  }
  return records;
}
