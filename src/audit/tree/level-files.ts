import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Completed, type Frontier, subtreesOf } from './frontier.ts';
import { HASH_BYTES, type Hash, nodeHash } from './merkle-hash.ts';
import type { Subtrees } from './subtrees.ts';

/**
 * The levels that are kept, each in a file of its own, `tree-<level>.bin`: the 32-byte roots of the complete subtrees
 * with 2^level leaves, left to right. Those between are made of at most 256 of the level below, so a proof reads a few
 * kilobytes, and a record costs 32 bytes and an eighth.
 */
export const LEVELS = [0, 8, 16] as const;
const ABSENT = '00'.repeat(HASH_BYTES);

interface LevelFile {
  readonly level: number;
  readonly fd: number;
  /** Completed since the last `flush`, in order, from node `first` on. */
  waiting: Hash[];
  first: number;
}

export function levelFileName(level: number): string {
  return `tree-${level}.bin`;
}

/**
 * The hashes of a tree on disk, for proofs: derived from the records, never the truth about them. What a damaged file
 * gives fails when the proof is checked. A node that was never written (its records had been removed before the files
 * were made anew) reads as zeros and is absent.
 */
export class LevelFiles implements Subtrees {
  private readonly files: readonly LevelFile[];
  /** How many leaves are known only by the frontier that the oldest segment begins with, and its nodes. */
  private readonly before: number;
  private readonly base: ReadonlyMap<string, Hash>;

  private constructor(files: readonly LevelFile[], base: Frontier) {
    this.files = files;
    this.before = base.size;
    this.base = nodesOf(base);
  }

  /**
   * Opens the files for a tree that goes on from `frontier`; what lies behind it is cut off. Undefined where they do
   * not hold what lies before it: then they are to be made again.
   *
   * @param base the frontier that the oldest segment begins with
   */
  static open(directory: string, frontier: Frontier, base: Frontier): LevelFiles | undefined {
    const opened = openAll(directory, constants.O_RDWR | constants.O_CREAT, frontier.size);
    const files = new LevelFiles(opened, base);
    if (opened.every(({ fd, first }) => fstatSync(fd).size >= first * HASH_BYTES) && files.gives(frontier)) {
      files.cut();
      return files;
    }
    files.close();
    return undefined;
  }

  /** Begins the files anew, for a tree of which only the frontier is known. */
  static create(directory: string, base: Frontier): LevelFiles {
    for (const level of LEVELS) rmSync(join(directory, levelFileName(level)), { force: true });
    const files = new LevelFiles(openAll(directory, constants.O_RDWR | constants.O_CREAT, base.size), base);
    files.cut();
    return files;
  }

  /** The files as they are now, for reading beside whoever writes them. */
  static openForReading(directory: string, base: Frontier): LevelFiles {
    return new LevelFiles(openAll(directory, constants.O_RDONLY, 0), base);
  }

  /** Takes what a frontier completed; on disk after `flush`. */
  readonly take: Completed = (level, index, hash) => {
    const file = this.files.find((one) => one.level === level);
    if (file === undefined) return;
    if (index !== file.first + file.waiting.length) {
      throw new Error(`node ${index} of level ${level}, where ${file.first + file.waiting.length} follows`);
    }
    file.waiting.push(hash);
  };

  /** Writes what was taken. Without waiting for the disk: after a crash it is made again from the records. */
  flush(): void {
    for (const file of this.files) {
      if (file.waiting.length === 0) continue;
      const bytes = Buffer.from(file.waiting.join(''), 'hex');
      writeAll(file.fd, bytes, file.first * HASH_BYTES);
      file.first += file.waiting.length;
      file.waiting = [];
    }
  }

  /** Waits until the files are on disk. */
  sync(): void {
    for (const { fd } of this.files) fdatasyncSync(fd);
  }

  subtree(level: number, index: number): Hash {
    const known = this.base.get(`${level}/${index}`);
    if (known !== undefined) return known;
    const file = this.files.findLast((one) => one.level <= level);
    if (file === undefined) throw new Error(`there is no level ${level}`);
    const count = 2 ** (level - file.level);
    const hashes = this.read(file, index * count, count);
    if (!hashes.includes(ABSENT)) return combined(hashes);
    if (level === 0 || index * 2 ** level >= this.before) {
      throw new Error(`${levelFileName(file.level)} lacks the hashes of records from ${index * 2 ** level + 1} on`);
    }
    // It reaches into what was removed: of its halves, each is in a file, in the base, or made the same way.
    return nodeHash(this.subtree(level - 1, 2 * index), this.subtree(level - 1, 2 * index + 1));
  }

  close(): void {
    for (const { fd } of this.files) closeSync(fd);
  }

  private gives(frontier: Frontier): boolean {
    const { size, subtrees } = frontier;
    try {
      return subtreesOf(size).every(({ level, index }, place) => this.subtree(level, index) === subtrees[place]);
    } catch {
      return false;
    }
  }

  /** To the length that is known; what is missing before it becomes zeros. */
  private cut(): void {
    for (const { fd, first } of this.files) ftruncateSync(fd, first * HASH_BYTES);
  }

  private read({ fd, level }: LevelFile, first: number, count: number): Hash[] {
    const bytes = Buffer.alloc(count * HASH_BYTES);
    const { size } = fstatSync(fd);
    const start = first * HASH_BYTES;
    if (start + bytes.length > size) {
      throw new Error(`${levelFileName(level)} ends before node ${first + count - 1}`);
    }
    for (let filled = 0; filled < bytes.length; ) {
      filled += readSync(fd, bytes, filled, bytes.length - filled, start + filled);
    }
    return Array.from({ length: count }, (_, n) => bytes.toString('hex', n * HASH_BYTES, (n + 1) * HASH_BYTES));
  }
}

function openAll(directory: string, flags: number, size: number): readonly LevelFile[] {
  const files: LevelFile[] = [];
  try {
    for (const level of LEVELS) {
      const fd = openSync(join(directory, levelFileName(level)), flags, 0o644);
      files.push({ level, fd, waiting: [], first: Math.floor(size / 2 ** level) });
    }
    return files;
  } catch (fault) {
    for (const { fd } of files) closeSync(fd);
    throw fault;
  }
}

/** The root over 2^n hashes of one level. */
function combined(hashes: readonly Hash[]): Hash {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, n) => nodeHash(level[2 * n] ?? '', level[2 * n + 1] ?? ''));
  }
  return level[0] ?? '';
}

function nodesOf(frontier: Frontier): ReadonlyMap<string, Hash> {
  const { subtrees } = frontier;
  return new Map(
    subtreesOf(frontier.size).map(({ level, index }, place) => [`${level}/${index}`, subtrees[place] ?? '']),
  );
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}
