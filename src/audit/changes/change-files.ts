import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CHANGE_SEAL_BYTES, CHANGE_TAIL_BYTES, type ChangeLink, readChangeLink } from '../../core/change-line.ts';
import { err, type Result } from '../../core/result.ts';

/** A file of the mirror: the lines of the changes from `first` on. */
export interface ChangeFile {
  readonly path: string;
  readonly name: string;
  readonly first: number;
  readonly length: number;
}

const NAME = /^changes-(\d{16})\.jsonl$/;
const LINE_FEED = 0x0a;
const CHUNK_BYTES = 64 * 1024;

export function changeFilePath(directory: string, first: number): string {
  return join(directory, `changes-${String(first).padStart(16, '0')}.jsonl`);
}

/** The files of the mirror in a directory, oldest first, as long as they are now. */
export function listChangeFiles(directory: string): readonly ChangeFile[] {
  return readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      return { path, name, first: Number(NAME.exec(name)?.[1]), length: statSync(path).size };
    });
}

/** The link of a line (without line feed) whose hash is that of its content; otherwise what is wrong. */
export function checkChangeLine(line: Buffer): Result<ChangeLink, string> {
  const link = readChangeLink(line.toString('latin1', Math.max(0, line.length - CHANGE_TAIL_BYTES)));
  if (!link.ok) return link;
  const sealed = createHash('sha256')
    .update(line.subarray(0, line.length - CHANGE_SEAL_BYTES))
    .update('}');
  if (sealed.digest('hex') === link.value.sha256) return link;
  return err(`the change of revision ${link.value.revision} was changed: its hash is not that of its content`);
}

/** The offset behind the last line feed before `end`; 0 where there is none. */
export function lineStartBefore(path: string, end: number): number {
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let high = end; high > 0; ) {
      const low = Math.max(0, high - CHUNK_BYTES);
      const count = readSync(fd, chunk, 0, high - low, low);
      const feed = chunk.subarray(0, count).lastIndexOf(LINE_FEED);
      if (feed >= 0) return low + feed + 1;
      high = low;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}
