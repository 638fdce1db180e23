import { err, ok, type Result } from '../core/result.ts';
import type { Link } from './log.ts';
import { GENESIS } from './record.ts';
import { checkSegment, listSegments } from './segment.ts';

/** What was found to be one unbroken chain. */
export interface VerifiedLog {
  readonly records: number;
  /** Sequence of the oldest record; above 1 where older segments were archived. */
  readonly first: number;
  readonly last: Link;
}

/**
 * Checks every record of the log in a directory, from the files alone: own hash, previous hash, sequence, one node.
 * A log that is being written may be checked as well. The error names the file, the line and the record.
 *
 * A chain shows that nothing in it was changed or left out; that nothing was cut off at its end only a copy of a later
 * hash kept elsewhere shows.
 */
export function verifyLog(directory: string, node: string): Result<VerifiedLog, string> {
  const segments = listSegments(directory);
  const first = segments[0]?.first ?? 1;
  let last: Link | undefined = first === 1 ? GENESIS : undefined;
  let records = 0;
  for (const [index, segment] of segments.entries()) {
    const checked = checkSegment(segment, node, last);
    if (!checked.ok) return checked;
    if (index < segments.length - 1 && checked.value.end < segment.length) {
      return err(`${segment.path}: its last record is incomplete, though records follow it`);
    }
    last = checked.value.last;
    records += checked.value.records;
  }
  return last === undefined
    ? err(`${directory} holds no record that its chain could be read from`)
    : ok({ records, first, last });
}
