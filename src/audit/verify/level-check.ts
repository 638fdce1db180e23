import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LEVELS, levelFileName } from '../tree/level-files.ts';
import { HASH_BYTES, type Hash } from '../tree/merkle-hash.ts';
import type { Findings } from './findings.ts';

/** Hashes that are compared at once. */
const BATCH = 2048;

/** Nodes of a level that are others in its file than the records say. */
export interface WrongNodes {
  readonly level: number;
  /** Of the first of them. */
  readonly index: number;
  readonly count: number;
}

interface LevelFile {
  readonly level: number;
  readonly fd: number;
  readonly nodes: number;
  readonly computed: Buffer;
  readonly found: Buffer;
  first: number;
  count: number;
  wrong: WrongNodes | undefined;
}

/**
 * Compares the files of a tree's hashes with the tree of the records. They are derived from those, so a difference
 * shows that one of both was changed; where checkpoints say that the records were, it shows which.
 */
export class LevelCheck {
  private readonly files: readonly LevelFile[];
  private readonly findings: Findings;

  constructor(directory: string, base: number, findings: Findings) {
    this.findings = findings;
    const files: LevelFile[] = [];
    for (const level of LEVELS) {
      const fd = open(join(directory, levelFileName(level)));
      if (fd === undefined) {
        findings.note({ file: levelFileName(level), message: 'is missing: it is made again from the records' });
        continue;
      }
      files.push({
        level,
        fd,
        nodes: Math.floor(fstatSync(fd).size / HASH_BYTES),
        computed: Buffer.alloc(BATCH * HASH_BYTES),
        found: Buffer.alloc(BATCH * HASH_BYTES),
        first: Math.floor(base / 2 ** level),
        count: 0,
        wrong: undefined,
      });
    }
    this.files = files;
  }

  /** Takes a node of the tree of the records, in their order. */
  readonly take = (level: number, index: number, hash: Hash): void => {
    for (const file of this.files) {
      if (file.level !== level) continue;
      if (file.count === 0) file.first = index;
      file.computed.write(hash, file.count * HASH_BYTES, 'hex');
      file.count += 1;
      if (file.count === BATCH) this.compare(file);
    }
  };

  /** Compares the rest, and says what was wrong; `whole` where the records were there to the end. */
  close(whole: boolean): readonly WrongNodes[] {
    for (const file of this.files) {
      const end = file.first + file.count;
      this.compare(file);
      if (whole && file.nodes !== end) this.lengthDiffers(file, end);
      closeSync(file.fd);
    }
    return this.files.flatMap(({ wrong }) => (wrong === undefined ? [] : [wrong]));
  }

  private compare(file: LevelFile): void {
    const count = Math.min(file.count, file.nodes - file.first);
    if (count > 0) {
      const bytes = count * HASH_BYTES;
      const read = readSync(file.fd, file.found, 0, bytes, file.first * HASH_BYTES);
      if (read < bytes || file.computed.compare(file.found, 0, bytes, 0, bytes) !== 0) this.locate(file, count);
    }
    file.first += file.count;
    file.count = 0;
  }

  private locate(file: LevelFile, count: number): void {
    const { level, computed, found, first } = file;
    for (let n = 0; n < count; n += 1) {
      const start = n * HASH_BYTES;
      const end = start + HASH_BYTES;
      if (computed.compare(found, start, end, start, end) === 0) continue;
      const before = file.wrong ?? { level, index: first + n, count: 0 };
      file.wrong = { ...before, count: before.count + 1 };
    }
  }

  private lengthDiffers({ level, nodes }: LevelFile, end: number): void {
    const message =
      nodes < end
        ? `ends before record ${nodes * 2 ** level + 1}: the rest is made again from the records`
        : `goes on beyond the last record: the rest is cut off at the next start`;
    this.findings.note({ file: levelFileName(level), message });
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code === 'ENOENT') return undefined;
    throw fault;
  }
}
