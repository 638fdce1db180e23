import { err, ok, type Result } from '../../core/result.ts';
import type { Link } from '../log.ts';
import type { Header } from '../records/header.ts';
import { linesBackFrom, linesFrom } from '../records/lines.ts';
import { checkLine } from '../records/record.ts';
import type { Frontier } from '../tree/frontier.ts';
import { recordLeaf } from '../tree/merkle-hash.ts';
import { headerOf, type SegmentFile, withFile } from './segment.ts';

/** All that the next record needs to know of those before it. */
export interface ChainEnd {
  readonly last: Link;
  readonly frontier: Frontier;
}

/** What a segment was found to be. */
export interface CheckedSegment {
  readonly end: ChainEnd;
  readonly records: number;
  /** Bytes of its header. */
  readonly start: number;
  /** Bytes of its whole lines. */
  readonly length: number;
}

/**
 * Checks each record of a segment against its own hash and the one before, and the header against what came before the
 * segment; the first that fails is named. Undefined where the header is not whole: nothing was ever recorded there.
 *
 * @param after the last record of the segment before; where it is not known, the header is believed
 */
export function checkSegment(
  segment: SegmentFile,
  node: string | undefined,
  after: Link | undefined,
): Result<CheckedSegment | undefined, string> {
  const read = headerOf(segment.path, segment.length);
  if (!read.ok || read.value === undefined) return read.ok ? ok(undefined) : read;
  const { header, start } = read.value;
  const fault = headerFault(header, segment, node, after);
  if (fault !== undefined) return err(`${segment.path}, line 1: ${fault}`);
  return withFile(segment.path, (fd) => {
    const frontier = header.frontier.copy();
    let last = header.after;
    let records = 0;
    let length = start;
    for (const line of linesFrom(fd, start, segment.length)) {
      if (!line.complete) break;
      const link = checkLine(line.bytes, header.node, last);
      if (!link.ok) return err(`${segment.path}, line ${records + 2}: ${link.error}`);
      last = link.value;
      frontier.append(recordLeaf(last.hash));
      records += 1;
      length = line.start + line.bytes.length + 1;
    }
    return ok({ end: { last, frontier }, records, start, length });
  });
}

/** The same from the header and the last record only, for a segment that others follow. */
export function checkEnds(
  segment: SegmentFile,
  node: string,
  after: Link | undefined,
): Result<{ readonly last: Link; readonly start: number }, string> {
  const read = headerOf(segment.path, segment.length);
  if (!read.ok) return read;
  if (read.value === undefined) return err(`${segment.path} is empty, though records follow it`);
  const { header, start } = read.value;
  const fault = headerFault(header, segment, node, after);
  if (fault !== undefined) return err(`${segment.path}, line 1: ${fault}`);
  if (segment.length === start) return err(`${segment.path} is empty, though records follow it`);
  return withFile(segment.path, (fd) => {
    const [first] = linesFrom(fd, start, segment.length).take(1);
    const begin = first === undefined ? err('is missing') : checkLine(first.bytes, node, header.after);
    if (!begin.ok) return err(`${segment.path}, line 2: ${begin.error}`);
    const [line] = linesBackFrom(fd, segment.length).take(1);
    const last = line === undefined ? begin : checkLine(line.bytes, node, undefined);
    return last.ok ? ok({ last: last.value, start }) : err(`${segment.path}, last line: ${last.error}`);
  });
}

function headerFault(
  header: Header,
  segment: SegmentFile,
  node: string | undefined,
  after: Link | undefined,
): string | undefined {
  const first = header.after.sequence + 1;
  if (node !== undefined && header.node !== node) {
    return `the segment is of node "${header.node}", not "${node}": a log belongs to one node`;
  }
  if (first !== segment.first) return `the segment begins with sequence ${first}, which is not the one in its name`;
  if (after === undefined) return undefined;
  if (first !== after.sequence + 1) {
    return `the segment begins with sequence ${first}, where ${after.sequence + 1} follows`;
  }
  return header.after.hash === after.hash
    ? undefined
    : 'the segment does not follow the one before it: its "previous" is another hash';
}
