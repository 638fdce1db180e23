import { linesFrom } from '../records/lines.ts';
import { readFrame } from '../records/record.ts';
import { headerOf, listSegments, type SegmentFile, withFile } from '../segments/segment.ts';
import type { Completed, Frontier } from '../tree/frontier.ts';
import { LevelFiles } from '../tree/level-files.ts';
import { type Hash, recordLeaf } from '../tree/merkle-hash.ts';

/** A node of the tree that became complete. */
export interface CompletedNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Hash;
}

/** Records that one piece of catching up reads: a few milliseconds, in which no batch is written. */
const PIECE_RECORDS = 1000;

interface CatchingUp {
  /** Of the records that were read. */
  readonly frontier: Frontier;
  /** The segment that is being read, and how far. */
  readonly first: number;
  readonly offset: number;
}

/**
 * Keeps the files of the tree's hashes beside the records, in the thread that writes those. They are derived: what they
 * lack at the start is made from the records, piece by piece between batches, and where they cannot be written, records
 * and checkpoints are all the same; only proofs have to wait.
 */
export class TreeKeeper {
  private readonly directory: string;
  private files: LevelFiles | undefined;
  /** Undefined once the files hold every durable record. */
  private reading: CatchingUp | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Reads on. True while the files lack records.
   *
   * @param sequence of the last durable record
   * @throws where files cannot be read or written; the next call begins again
   */
  catchUp(sequence: number): boolean {
    try {
      const files = this.files ?? this.open();
      if (this.reading !== undefined) this.reading = readOn(this.directory, this.reading, sequence, files.take);
      files.flush();
      if (this.reading?.frontier.size === sequence) this.reading = undefined;
      return this.reading !== undefined;
    } catch (fault) {
      this.drop();
      throw fault;
    }
  }

  /** Takes what durable records completed. What comes before everything was read is read like the rest. */
  take(nodes: readonly CompletedNode[]): void {
    if (this.files === undefined || this.reading !== undefined) return;
    for (const { level, index, hash } of nodes) this.files.take(level, index, hash);
    try {
      this.files.flush();
    } catch {
      // They wait in memory: the disk is full for the records, too, so there are not many.
    }
  }

  close(): void {
    try {
      this.files?.sync();
    } finally {
      this.drop();
    }
  }

  private drop(): void {
    this.files?.close();
    this.files = undefined;
    this.reading = undefined;
  }

  /** The files as they are for all but the newest segment, which is read again; or new ones, for all. */
  private open(): LevelFiles {
    const segments = listSegments(this.directory);
    const [oldest] = segments;
    const newest = segments.at(-1);
    if (oldest === undefined || newest === undefined) throw new Error(`${this.directory} has no segments`);
    const base = begins(oldest);
    const start = begins(newest);
    const kept = LevelFiles.open(this.directory, start.frontier, base.frontier);
    this.files = kept ?? LevelFiles.create(this.directory, base.frontier);
    this.reading = kept === undefined ? base : start;
    return this.files;
  }
}

/** Reads a piece: up to the end of a segment, to the record `sequence`, or as many records as a piece has. */
function readOn(directory: string, { frontier, first, offset }: CatchingUp, sequence: number, take: Completed) {
  const segments = listSegments(directory);
  const segment = segments.find((one) => one.first === first);
  if (segment === undefined) throw new Error(`the segment of record ${first} is gone`);
  const read = frontier.copy();
  let end = offset;
  withFile(segment.path, (fd) => {
    for (const { start, bytes, complete } of linesFrom(fd, offset, segment.length)) {
      if (!complete || read.size === sequence || read.size - frontier.size === PIECE_RECORDS) break;
      const frame = readFrame(bytes);
      if (!frame.ok) throw new Error(`${segment.path}: ${frame.error}`);
      read.append(recordLeaf(frame.value.hash), take);
      end = start + bytes.length + 1;
    }
  });
  const next = segments.find((one) => one.first === read.size + 1);
  const goesOn = next === undefined || next.first === first || read.size === sequence;
  return goesOn ? { frontier: read, first, offset: end } : { ...begins(next), frontier: read };
}

/** Where reading a segment begins. */
function begins({ path, first, length }: SegmentFile): CatchingUp {
  const header = headerOf(path, length);
  if (!header.ok) throw new Error(header.error);
  if (header.value === undefined) throw new Error(`${path} has no header`);
  return { frontier: header.value.header.frontier, first, offset: header.value.start };
}
