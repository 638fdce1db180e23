import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { headerLine } from '../records/header.ts';
import { sealRecord } from '../records/record.ts';
import type { ChainEnd } from '../segments/check-segment.ts';
import { type Segment, segmentPath, syncDirectory } from '../segments/segment.ts';
import type { Completed } from '../tree/frontier.ts';
import { recordLeaf } from '../tree/merkle-hash.ts';
import type { Batch, Written } from './writer.ts';

interface Opened {
  readonly fd: number;
  /** Device and inode: which file it is, whatever its path leads to later. */
  readonly identity: string;
}

/**
 * Writes to the end of the log, durably: chains, seals and hashes the records of a batch, writes them, and waits until
 * they are on disk. `length` of the segment is what is known to be there; whatever a failed write left behind it is cut
 * off before the next one.
 */
export class SegmentWriter {
  private readonly directory: string;
  private readonly node: string;
  private current: Segment;
  private end: ChainEnd;
  /** Absent until the first write, and after a failed one. */
  private opened: Opened | undefined;

  constructor(directory: string, node: string, current: Segment, end: ChainEnd) {
    this.directory = directory;
    this.node = node;
    this.current = current;
    this.end = end;
  }

  /**
   * Appends the records of a batch. When it returns, they are on disk, in a file that is still the one in the directory;
   * when it throws, none of them counts as written, and the same sequences come again.
   *
   * @param completed hears of the nodes of the Merkle tree that the records complete: once it returns, they are so
   */
  write({ entries, rotates }: Batch, completed: Completed): Written {
    const { node } = this;
    const frontier = this.end.frontier.copy();
    let { last } = this.end;
    let text = '';
    for (const entry of entries) {
      const { line, link } = sealRecord(entry, node, last);
      text += `${line}\n`;
      last = link;
      frontier.append(recordLeaf(link.hash), completed);
    }
    if (rotates) this.rotate();
    const lines = Buffer.from(text);
    this.opened ??= this.reopen();
    const { fd, identity } = this.opened;
    try {
      writeAll(fd, lines, this.current.length);
      fdatasyncSync(fd);
      this.checkInPlace(identity, this.current.length + lines.length);
      this.current.length += lines.length;
      this.end = { last, frontier };
      return { segment: { ...this.current }, last: { ...last, root: frontier.root() } };
    } catch (error) {
      this.close();
      // At once, so that a half line stays no longer than it must; if it fails, the next write tries again.
      try {
        this.opened = this.reopen();
      } catch {
        this.opened = undefined;
      }
      throw error;
    }
  }

  close(): void {
    const { opened } = this;
    this.opened = undefined;
    if (opened === undefined) return;
    try {
      closeSync(opened.fd);
    } catch {
      // It tells of nothing that fdatasync has not told.
    }
  }

  private reopen(): Opened {
    const { path, length } = this.current;
    const fd = openSync(path, 'r+');
    try {
      const { size, dev, ino } = fstatSync(fd);
      if (size < length) throw new Error(`${path} has ${size} bytes, but ${length} were written: records are missing`);
      if (size > length) {
        ftruncateSync(fd, length);
        fdatasyncSync(fd);
      }
      return { fd, identity: `${dev}:${ino}` };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Begins the segment of the next record; again where that failed after it had begun. */
  private rotate(): void {
    const { last, frontier } = this.end;
    const first = last.sequence + 1;
    if (this.current.first === first) return;
    const path = segmentPath(this.directory, first);
    const header = Buffer.from(`${headerLine({ node: this.node, after: last, frontier })}\n`);
    // A file of this name can only be left over from an attempt that failed: nothing in it was ever acknowledged.
    const fd = openSync(path, 'w');
    try {
      writeAll(fd, header, 0);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(this.directory);
    this.close();
    this.current = { path, first, start: header.length, length: header.length };
  }

  /** A file that was deleted or replaced can still be written to, but nobody will find it after a restart. */
  private checkInPlace(identity: string, length: number): void {
    const { path } = this.current;
    const { dev, ino, size } = statSync(path);
    if (`${dev}:${ino}` !== identity) throw new Error(`${path} was replaced while it was written`);
    if (size !== length) throw new Error(`${path} was changed by somebody else while it was written`);
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    const count = writeSync(fd, bytes, written, bytes.length - written, position + written);
    if (count === 0) throw new Error('the file takes no more bytes');
    written += count;
  }
}
