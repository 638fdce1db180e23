import { closeSync, openSync } from 'node:fs';
import { linesFrom } from '../records/lines.ts';
import { readFrame } from '../records/record.ts';
import type { Segment } from '../segments/segment.ts';
import { FactReader } from './facts.ts';
import { MemoryIndex } from './memory-index.ts';

/** Between two turns so many records are read: less than a millisecond. */
const TURN_RECORDS = 64;

/**
 * Makes the index of a segment from its records, in turns: it yields what there is of it after so many records.
 *
 * @param segment is read up to the `length` that it has when this gets there
 * @throws where it cannot be read, or holds what is no record
 */
export function* buildIndex(segment: Segment): Generator<MemoryIndex, MemoryIndex> {
  const index = new MemoryIndex(segment.first);
  const reader = new FactReader();
  const fd = openSync(segment.path, 'r');
  try {
    for (let end = segment.start; end < segment.length; ) {
      for (const { bytes, start, complete } of linesFrom(fd, end, segment.length)) {
        const frame = readFrame(bytes);
        if (!frame.ok || !complete) throw new Error(`${segment.path}, at byte ${start}: no decision record`);
        const { sequence, entry, id } = frame.value;
        const facts = reader.read(entry.toString(), sequence);
        if (!facts.ok) throw new Error(`${segment.path}: record ${id}: ${facts.error}`);
        index.mark(index.count, start);
        index.add(facts.value);
        end = start + bytes.length + 1;
        if (index.count % TURN_RECORDS === 0) yield index;
      }
    }
    return index;
  } finally {
    closeSync(fd);
  }
}
