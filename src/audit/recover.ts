import { closeSync, fdatasyncSync, ftruncateSync, openSync, readSync, writeFileSync } from 'node:fs';
import { err, ok, type Result } from '../core/result.ts';
import type { Link } from './log.ts';
import { GENESIS } from './record.ts';
import { checkEnds, checkSegment, listSegments, type Segment, segmentPath, syncDirectory } from './segment.ts';

export interface Recovered {
  /** Oldest first, at least one; the last is the one to write to. */
  readonly segments: Segment[];
  readonly last: Link;
}

/**
 * Finds the end of the log in a directory and makes it ready to go on. Older segments are checked at both ends, the
 * last one record by record; older ones may have been archived, so the oldest may begin anywhere.
 *
 * A last line without its line feed was being written when the process died, so nobody has an answer that rests on
 * it: it is kept beside the segment, as `<segment>.torn-<offset>`, and cut off. Anything else that is wrong is the
 * error: the file and the record.
 */
export function recover(directory: string, node: string): Result<Recovered, string> {
  const segments = listSegments(directory);
  const current = segments.at(-1);
  if (current === undefined) return ok({ segments: [createFirst(directory)], last: GENESIS });

  let after = segments[0]?.first === 1 ? GENESIS : undefined;
  for (const segment of segments.slice(0, -1)) {
    const end = checkEnds(segment, node, after);
    if (!end.ok) return end;
    after = end.value;
  }
  const checked = checkSegment(current, node, after);
  if (!checked.ok) return checked;
  const { last, records, end } = checked.value;
  if (last === undefined) {
    return err(`${current.path} is empty and the records before sequence ${current.first} are gone: the chain is lost`);
  }
  if (records === 0 && current.first !== last.sequence + 1) {
    return err(`${current.path} is empty, and its name is not that of sequence ${last.sequence + 1}, which follows`);
  }
  if (end < current.length) cutTornLine(current, end);
  return ok({ segments, last });
}

function createFirst(directory: string): Segment {
  const path = segmentPath(directory, 1);
  closeSync(openSync(path, 'wx'));
  syncDirectory(directory);
  return { path, first: 1, length: 0 };
}

function cutTornLine(segment: Segment, end: number): void {
  const fd = openSync(segment.path, 'r+');
  try {
    const torn = Buffer.alloc(segment.length - end);
    readSync(fd, torn, 0, torn.length, end);
    writeFileSync(`${segment.path}.torn-${end}`, torn, { flush: true });
    ftruncateSync(fd, end);
    fdatasyncSync(fd);
    segment.length = end;
  } finally {
    closeSync(fd);
  }
}
