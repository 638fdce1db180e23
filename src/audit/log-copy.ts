import { type Indexes, NO_INDEXES, ReadOnlyIndexes } from './index/indexes.ts';
import type { Summary, SummaryOptions } from './index/summarize.ts';
import { type DecisionFilter, type DecisionLog, type DecisionPage, LogError, type PageRequest } from './log.ts';
import { LogReader, type Readable } from './log-reader.ts';
import { lastLineEnd, linesBackFrom } from './records/lines.ts';
import { readFrame } from './records/record.ts';
import { headerOf, listSegments, type Segment, withFile } from './segments/segment.ts';
import { toLogError } from './writing/group-commit.ts';

/** The questions that the files of a log answer. */
export type LogCopy = Pick<DecisionLog, 'list' | 'summarize'>;

/**
 * Reads a log directory, an auditor's copy or that of a node that runs, as it is now; nothing in it is changed.
 *
 * @param options.useIndexes false for who trusts nothing but the records: an index that somebody changed on purpose can
 *   hide records (it can show none that are not there)
 * @throws LogError where the directory cannot be read or holds no log that this version reads
 */
export function openLogCopy(directory: string, options: { readonly useIndexes?: boolean } = {}): LogCopy {
  try {
    return new FileCopy(readableOf(directory), options.useIndexes === false ? NO_INDEXES : new ReadOnlyIndexes());
  } catch (error) {
    throw toLogError(error);
  }
}

class FileCopy implements LogCopy {
  private readonly reader: LogReader;

  constructor(log: Readable, indexes: Indexes) {
    this.reader = new LogReader(log, indexes);
  }

  list(filter: DecisionFilter, page: PageRequest): DecisionPage {
    try {
      return this.reader.list(filter, page);
    } catch (error) {
      throw toLogError(error);
    }
  }

  async summarize(filter: DecisionFilter, options: SummaryOptions, nextTurn: () => Promise<void>): Promise<Summary> {
    try {
      return await this.reader.summarize(filter, options, nextTurn);
    } catch (error) {
      throw toLogError(error);
    }
  }
}

function readableOf(directory: string): Readable {
  const segments: Segment[] = [];
  let node: string | undefined;
  for (const { path, first, length } of listSegments(directory)) {
    const read = headerOf(path, length);
    if (!read.ok) throw new LogError(`${path}, line 1: ${read.error}`);
    // A segment that is just begun.
    if (read.value === undefined) continue;
    const { header, start } = read.value;
    if (node !== undefined && node !== header.node) {
      throw new LogError(`${path}: is of node "${header.node}", not "${node}": a log belongs to one node`);
    }
    node = header.node;
    // Without a line that is being written.
    const whole = withFile(path, (fd) => lastLineEnd(fd, start, length));
    segments.push({ path, first, start, length: whole });
  }
  const newest = segments.at(-1);
  if (node === undefined || newest === undefined) {
    throw new LogError(`${directory} holds no decision log of format 2: there is no segment with a header`);
  }
  return { node, segments, last: lastSequence(newest) };
}

function lastSequence(segment: Segment): number {
  if (segment.length <= segment.start) return segment.first - 1;
  const [line] = withFile(segment.path, (fd) => [...linesBackFrom(fd, segment.length).take(1)]);
  const frame = line === undefined ? undefined : readFrame(line.bytes);
  if (frame?.ok !== true) throw new LogError(`${segment.path}: does not end with a record`);
  return frame.value.sequence;
}
