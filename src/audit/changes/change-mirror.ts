import { type FileHandle, open } from 'node:fs/promises';
import type { ChangeLink } from '../../core/change-line.ts';
import { LogError } from '../log.ts';
import { syncDirectory } from '../segments/segment.ts';
import { changeFilePath } from './change-files.ts';
import { recoverChanges } from './recover-changes.ts';

/** Where the changes come from: the store. */
export interface ChangeSource {
  readonly head: { readonly revision: number; readonly sha256: string };
  /** The hash of a change, 64 zeros for revision 0; undefined for one that is not there. */
  sha256(revision: number): string | undefined;
  /** The lines after a revision, oldest first, as many as `mostBytes` hold, but one at least; none at the end. */
  lines(
    afterRevision: number,
    mostBytes: number,
  ): readonly (MirroredChange & {
    /** Without line feed, in parts of a bounded length. */
    readonly text: Iterable<string>;
  })[];
}

/** The last change that is in the mirror. */
export type MirroredChange = Pick<ChangeLink, 'epoch' | 'revision' | 'sha256'>;

export interface ChangeMirrorOptions {
  /** Bytes at which another file begins. Default: 64 MiB. */
  readonly fileBytes?: number;
}

const FILE_BYTES = 64 * 1024 * 1024;
/** Bytes of lines read from the store at a time, some milliseconds; one change may be longer. */
const BATCH_BYTES = 1024 * 1024;
/** Characters handed to the file system at a time, or a part more: turning them into bytes holds nobody up. */
const PIECE = 1024 * 1024;
const RETRY_MS = 1000;

/**
 * The change log beside the decision log: every line of it as the store has it, so that decisions can be verified
 * without the store. It follows the store and is never ahead of it. What was not written when the process ended is
 * written at the next start.
 *
 * @throws LogError where the directory holds changes of another history than the store's: that of a store which was
 *   replaced by a backup. They are evidence, and stay as they are.
 */
export function openChangeMirror(
  directory: string,
  source: ChangeSource,
  options: ChangeMirrorOptions = {},
): ChangeMirror {
  const recovered = recoverChanges(directory, source);
  if (!recovered.ok) throw new LogError(recovered.error);
  return new ChangeMirror(directory, source, recovered.value, options.fileBytes ?? FILE_BYTES);
}

interface Waiting {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: LogError) => void;
}

/** What is there to go on from. */
export interface RecoveredChanges {
  readonly last: MirroredChange | undefined;
  /** The file to go on with, and how long it is; undefined where there is none yet. */
  readonly file: { readonly path: string; readonly length: number } | undefined;
  /** The revision from which on lines were damaged by a crash, and will be written again. */
  readonly damagedFrom?: number;
}

export class ChangeMirror {
  /** Where it was damaged by a crash: whoever starts the server should know. */
  readonly damagedFrom: number | undefined;
  private readonly directory: string;
  private readonly source: ChangeSource;
  private readonly fileBytes: number;
  private last: MirroredChange | undefined;
  private file: RecoveredChanges['file'];
  private handle: FileHandle | undefined;
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private failure: LogError | undefined;
  private closed = false;

  constructor(directory: string, source: ChangeSource, recovered: RecoveredChanges, fileBytes: number) {
    this.directory = directory;
    this.source = source;
    this.fileBytes = fileBytes;
    this.last = recovered.last;
    this.file = recovered.file;
    this.damagedFrom = recovered.damagedFrom;
  }

  /** The last change that is in it, durably; undefined while there is none. */
  get head(): MirroredChange | undefined {
    return this.last;
  }

  /** Why it does not get on, for operators; it tries again by itself. */
  get fault(): string | undefined {
    return this.failure?.message;
  }

  /** Tells that there may be something to write. Returns at once; decisions never wait for it. */
  wake(): void {
    if (this.closed) return;
    clearTimeout(this.retry);
    this.running ??= new Promise<void>((begin) => setImmediate(begin)).then(() => this.catchUp());
  }

  /**
   * Resolves once every change up to `revision` is in it, durably.
   *
   * @throws LogError where it cannot be written now.
   */
  upTo(revision: number): Promise<void> {
    if ((this.last?.revision ?? 0) >= revision) return Promise.resolve();
    if (this.closed) return Promise.reject(new LogError('the mirror of the change log is closed'));
    if (revision > this.source.head.revision) {
      return Promise.reject(new LogError(`the change log ends at ${this.source.head.revision}, before ${revision}`));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ revision, resolve, reject });
      this.wake();
    });
  }

  /** Writes what there is, if it can, and lets go of the file. Close it before the store. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.wake();
    this.closed = true;
    await this.running;
    clearTimeout(this.retry);
    await this.handle?.close();
  }

  private async catchUp(): Promise<void> {
    try {
      while ((this.last?.revision ?? 0) < this.source.head.revision) {
        const lines = this.source.lines(this.last?.revision ?? 0, BATCH_BYTES);
        const end = lines.at(-1);
        if (end === undefined) break;
        await this.write(lines);
        this.failure = undefined;
        this.last = { epoch: end.epoch, revision: end.revision, sha256: end.sha256 };
        const reached = this.waiting.filter(({ revision }) => revision <= end.revision);
        this.waiting = this.waiting.filter(({ revision }) => revision > end.revision);
        for (const { resolve } of reached) resolve();
      }
    } catch (fault) {
      const detail = fault instanceof Error ? fault.message : String(fault);
      this.failure = new LogError(`mirror of the change log: ${detail}`, { cause: fault });
      for (const { reject } of this.waiting.splice(0)) reject(this.failure);
      if (!this.closed) this.retry = setTimeout(() => this.wake(), RETRY_MS).unref();
    } finally {
      this.running = undefined;
    }
  }

  private async write(lines: ReturnType<ChangeSource['lines']>): Promise<void> {
    const { handle, file } = await this.fileFor(lines[0]?.revision ?? 1);
    // Over what an earlier attempt left behind, which was the beginning of the very same.
    let at = file.length;
    for (const piece of pieces(lines)) at += await writeWhole(handle, piece, at);
    await handle.datasync();
    this.file = { path: file.path, length: at };
  }

  /** The file that a revision goes into, open: the one under way unless it is full. */
  private async fileFor(revision: number) {
    const current = this.file;
    if (current !== undefined && current.length < this.fileBytes) {
      this.handle ??= await open(current.path, 'r+');
      return { handle: this.handle, file: current };
    }
    await this.handle?.close();
    this.handle = undefined;
    const file = { path: changeFilePath(this.directory, revision), length: 0 };
    this.handle = await open(file.path, 'w');
    syncDirectory(this.directory);
    this.file = file;
    return { handle: this.handle, file };
  }
}

/** Lines as bytes, in pieces: short ones together, a long one part by part. */
function* pieces(lines: ReturnType<ChangeSource['lines']>): Generator<Buffer> {
  let gathered: string[] = [];
  let size = 0;
  for (const { text } of lines) {
    for (const part of text) {
      gathered.push(part);
      size += part.length;
      if (size < PIECE) continue;
      yield Buffer.from(gathered.join(''));
      gathered = [];
      size = 0;
    }
    gathered.push('\n');
  }
  yield Buffer.from(gathered.join(''));
}

async function writeWhole(handle: FileHandle, bytes: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
  return bytes.length;
}
