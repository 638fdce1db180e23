import { randomFillSync } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, renameSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Written at a time, so that records never wait for the whole. */
const STEP_BYTES = 1024 * 1024;
/** A disk is full, or what this user may have of it. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

export function isFull(error: unknown): boolean {
  return FULL.has((error as { readonly code?: string }).code ?? '');
}

/**
 * Disk space that is kept back for the log: a file of that many bytes, really written, as a sparse one would keep
 * nothing. It is given up when the disk is full, so that decisions are still recorded and answered while somebody makes
 * room, and made again, piece by piece, once there is room for it twice.
 */
export class Reserve {
  private readonly path: string;
  private readonly directory: string;
  private readonly bytes: number;
  private state: 'kept' | 'absent' | 'in_use';
  /** Of the file that is being made. */
  private made = 0;

  /** @param bytes 0 keeps nothing back */
  constructor(directory: string, bytes: number) {
    this.directory = directory;
    this.path = join(directory, 'reserve');
    this.bytes = bytes;
    this.state = bytes === 0 || this.size() === bytes ? 'kept' : 'absent';
    if (this.state === 'absent') this.remove();
  }

  get isKept(): boolean {
    return this.state === 'kept';
  }

  /** It was needed, or there was no room to make it. */
  get isInUse(): boolean {
    return this.state === 'in_use';
  }

  /** Gives the space up; false where there is none to give. */
  giveUp(): boolean {
    if (this.bytes === 0) return false;
    const freed = this.state === 'kept' || this.made > 0;
    this.remove();
    this.state = 'in_use';
    return freed;
  }

  /** Makes a further piece of it where there is room. False where it has to wait; true: go on, or look at `isKept`. */
  make(): boolean {
    if (this.state === 'kept') return true;
    try {
      if (this.made === 0 && !this.hasRoom()) {
        this.state = 'in_use';
        return false;
      }
      const piece = randomFillSync(Buffer.alloc(Math.min(STEP_BYTES, this.bytes - this.made)));
      const fd = openSync(this.part, this.made === 0 ? 'w' : 'r+');
      try {
        for (let written = 0; written < piece.length; ) {
          written += writeSync(fd, piece, written, piece.length - written, this.made + written);
        }
        fdatasyncSync(fd);
      } finally {
        closeSync(fd);
      }
      this.made += piece.length;
      if (this.made === this.bytes) {
        renameSync(this.part, this.path);
        this.state = 'kept';
        this.made = 0;
      }
      return true;
    } catch {
      // Whatever it is, the log works without, and says so.
      this.remove();
      this.state = 'in_use';
      return false;
    }
  }

  private get part(): string {
    return `${this.path}.part`;
  }

  /** Twice, so that what is made is not needed at once. */
  private hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize >= 2 * this.bytes;
  }

  private size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  private remove(): void {
    this.made = 0;
    try {
      for (const file of [this.path, this.part]) rmSync(file, { force: true });
    } catch {
      // A directory that is gone keeps nothing back.
    }
  }
}
