import { err, ok, type Result } from '../core/result.ts';
import { type ChainEnd, checkSegment } from './check-segment.ts';
import type { Link } from './log.ts';
import { GENESIS } from './record.ts';
import { listSegments } from './segment.ts';
import { Frontier } from './tree/frontier.ts';

/** What was found to be one unbroken chain. */
export interface VerifiedLog {
  readonly records: number;
  /** Sequence of the oldest record; above 1 where older segments were archived. */
  readonly first: number;
  readonly last: Link;
}

/**
 * Checks every record of the log in a directory, from the files alone: own hash, previous hash, sequence, one node, and
 * that each header tells the truth about the records before it.
 * A log that is being written may be checked as well. The error names the file, the line and the record.
 *
 * A chain shows that nothing in it was changed or left out; that nothing was cut off at its end only a copy of a later
 * hash kept elsewhere shows.
 */
export function verifyLog(directory: string, node: string): Result<VerifiedLog, string> {
  const segments = listSegments(directory);
  const first = segments[0]?.first ?? 1;
  let end: ChainEnd | undefined = first === 1 ? { last: GENESIS, frontier: Frontier.empty() } : undefined;
  let records = 0;
  for (const [index, segment] of segments.entries()) {
    const checked = checkSegment(segment, node, end);
    if (!checked.ok) return checked;
    const isLast = index === segments.length - 1;
    if (!isLast && checked.value?.length !== segment.length) {
      return err(`${segment.path}: its last record is incomplete, though records follow it`);
    }
    end = checked.value?.end ?? end;
    records += checked.value?.records ?? 0;
  }
  return end === undefined
    ? err(`${directory} holds no record that its chain could be read from`)
    : ok({ records, first, last: end.last });
}
