import { closeSync, openSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Segment, segmentPath, syncDirectory } from './segment.ts';

interface Opened {
  readonly handle: FileHandle;
  /** Device and inode: which file it is, whatever its path leads to later. */
  readonly identity: string;
}

/**
 * Writes to the end of the log, durably. `length` of the last segment is what is known to be on disk; whatever a
 * failed write left behind it is cut off before the next one.
 */
export class SegmentWriter {
  private readonly directory: string;
  private readonly segments: Segment[];
  private readonly segmentBytes: number;
  private current: Segment;
  /** Absent until the first write, and after a failed one. */
  private opened: Opened | undefined;

  constructor(directory: string, segments: Segment[], current: Segment, segmentBytes: number) {
    this.directory = directory;
    this.segments = segments;
    this.current = current;
    this.segmentBytes = segmentBytes;
  }

  /**
   * Appends whole lines, the first of which has the sequence `first`. When it resolves, they are on disk, in a file
   * that is still the one in the directory; when it rejects, none of them counts as written.
   */
  async write(lines: Buffer, first: number): Promise<void> {
    if (this.current.length > 0 && this.current.length + lines.length > this.segmentBytes) await this.rotate(first);
    this.opened ??= await this.reopen();
    const { handle, identity } = this.opened;
    try {
      await writeAll(handle, lines, this.current.length);
      await handle.datasync();
      this.checkInPlace(identity, this.current.length + lines.length);
      this.current.length += lines.length;
    } catch (error) {
      await this.close();
      // At once, so that a half line stays no longer than it must; if it fails, the next write tries again.
      this.opened = await this.reopen().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    // A close that fails tells of nothing that datasync has not told.
    await opened?.handle.close().catch(() => undefined);
  }

  private async reopen(): Promise<Opened> {
    const { path, length } = this.current;
    const handle = await open(path, 'r+');
    try {
      const { size, dev, ino } = await handle.stat();
      if (size < length) throw new Error(`${path} has ${size} bytes, but ${length} were written: records are missing`);
      if (size > length) {
        await handle.truncate(length);
        await handle.datasync();
      }
      return { handle, identity: `${dev}:${ino}` };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private async rotate(first: number): Promise<void> {
    const next: Segment = { path: segmentPath(this.directory, first), first, length: 0 };
    // A file of this name can only be left over from an attempt that failed: nothing in it was ever acknowledged.
    closeSync(openSync(next.path, 'w'));
    syncDirectory(this.directory);
    await this.close();
    this.segments.push(next);
    this.current = next;
  }

  /** A file that was deleted or replaced can still be written to, but nobody will find it after a restart. */
  private checkInPlace(identity: string, length: number): void {
    const { path } = this.current;
    const { dev, ino, size } = statSync(path);
    if (`${dev}:${ino}` !== identity) throw new Error(`${path} was replaced while it was written`);
    if (size !== length) throw new Error(`${path} was changed by somebody else while it was written`);
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error('the file takes no more bytes');
    written += bytesWritten;
  }
}
