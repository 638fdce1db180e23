import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { err, ok, type Result } from '../../core/result.ts';
import type { Link } from '../log.ts';
import { headerLine } from '../records/header.ts';
import { GENESIS } from '../records/record.ts';
import { Frontier } from '../tree/frontier.ts';
import { type ChainEnd, checkEnds, checkSegment } from './check-segment.ts';
import { headerOf, listSegments, type Segment, type SegmentFile, segmentPath, syncDirectory } from './segment.ts';

export interface Recovered {
  /** Oldest first, at least one; the last is the one to write to. */
  readonly segments: Segment[];
  readonly end: ChainEnd;
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
  const files = listSegments(directory);
  const newest = files.at(-1);
  if (newest === undefined) return ok(begin(directory, node));
  const header = headerOf(newest.path, newest.length);
  if (!header.ok) return header;
  if (header.value !== undefined) {
    const checked = check(files, node);
    if (checked.ok) cutTornLine(checked.value);
    return checked;
  }
  // The process died while it began this segment: nothing was recorded there.
  const older = files.slice(0, -1);
  if (older.length === 0) {
    if (newest.first !== 1) {
      return err(`${newest.path} is empty and the records before sequence ${newest.first} are gone: the chain is lost`);
    }
    setAside(newest);
    return ok(begin(directory, node));
  }
  const checked = check(older, node);
  if (!checked.ok) return checked;
  const next = checked.value.end.last.sequence + 1;
  if (newest.first !== next) {
    return err(`${newest.path} is empty, and its name is not that of sequence ${next}, which follows`);
  }
  cutTornLine(checked.value);
  setAside(newest);
  return checked;
}

function check(files: readonly SegmentFile[], node: string): Result<Checked, string> {
  const segments: Segment[] = [];
  let after: Link | undefined = files[0]?.first === 1 ? GENESIS : undefined;
  for (const file of files.slice(0, -1)) {
    const ends = checkEnds(file, node, after);
    if (!ends.ok) return ends;
    segments.push({ ...file, start: ends.value.start });
    after = ends.value.last;
  }
  const current = files.at(-1);
  const checked = current === undefined ? ok(undefined) : checkSegment(current, node, after);
  if (!checked.ok) return checked;
  if (current === undefined || checked.value === undefined) return err('there is no segment to go on with');
  const { start, length, end } = checked.value;
  segments.push({ ...current, start, length });
  return ok({ segments, end, size: current.length });
}

interface Checked extends Recovered {
  /** Bytes of the last segment, with what may stand after its last whole line. */
  readonly size: number;
}

function begin(directory: string, node: string): Recovered {
  const path = segmentPath(directory, 1);
  const end = { last: GENESIS, frontier: Frontier.empty() };
  const header = Buffer.from(`${headerLine({ node, after: end.last, frontier: end.frontier })}\n`);
  writeFileSync(path, header, { flag: 'wx', flush: true });
  syncDirectory(directory);
  return { segments: [{ path, first: 1, start: header.length, length: header.length }], end };
}

function setAside({ path, length }: SegmentFile): void {
  if (length > 0) renameSync(path, `${path}.torn-0`);
  else unlinkSync(path);
}

function cutTornLine({ segments, size }: Checked): void {
  const segment = segments.at(-1);
  if (segment === undefined || segment.length === size) return;
  const fd = openSync(segment.path, 'r+');
  try {
    const torn = Buffer.alloc(size - segment.length);
    readSync(fd, torn, 0, torn.length, segment.length);
    writeFileSync(`${segment.path}.torn-${segment.length}`, torn, { flush: true });
    ftruncateSync(fd, segment.length);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
