import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { linesBackFrom } from '../records/lines.ts';
import { readFrame } from '../records/record.ts';
import { type Segment, withFile } from '../segments/segment.ts';
import { encodeIndex } from './encode-index.ts';
import { IndexFault, IndexFile } from './index-file.ts';
import type { MemoryIndex } from './memory-index.ts';

/** Bytes of indexes that are held in memory, roughly: lists of blocks and places of some hundred segments. */
const HELD_BYTES = 32 * 1024 * 1024;

/** `decisions-<first sequence>.index`, beside the segment. */
export function indexPath(segment: Pick<Segment, 'path'>): string {
  return segment.path.replace(/\.jsonl$/, '.index');
}

/** The index files of the segments of a log; those that were used last stay in memory. */
export class IndexFiles {
  private readonly opened = new Map<number, IndexFile>();
  private readonly heldBytes: number;

  constructor(heldBytes: number = HELD_BYTES) {
    this.heldBytes = heldBytes;
  }

  /**
   * The index of a segment that gets no more records; undefined where there is no file.
   *
   * @throws IndexFault where the file cannot be used, or is not of what the segment holds now
   */
  of(segment: Segment): IndexFile | undefined {
    const known = this.opened.get(segment.first);
    if (known !== undefined && known.header.bytes === segment.length) {
      this.opened.delete(segment.first);
      this.opened.set(segment.first, known);
      return known;
    }
    const file = openIndex(segment);
    if (file === undefined) return undefined;
    this.opened.set(segment.first, file);
    let held = 0;
    for (const { heldBytes } of this.opened.values()) held += heldBytes;
    for (const [first, { heldBytes }] of this.opened) {
      if (held <= this.heldBytes || first === segment.first) break;
      this.opened.delete(first);
      held -= heldBytes;
    }
    return file;
  }

  forget(segment: Pick<Segment, 'first'>): void {
    this.opened.delete(segment.first);
  }
}

function openIndex(segment: Segment): IndexFile | undefined {
  const path = indexPath(segment);
  try {
    const file = new IndexFile(path);
    const { first, bytes, sha256 } = file.header;
    if (first !== segment.first || bytes !== segment.length || sha256 !== lastHash(segment)) {
      throw new IndexFault(`${path}: is not of what the segment holds now`);
    }
    return file;
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code === 'ENOENT') return undefined;
    throw fault;
  }
}

/**
 * Writes the index file of a segment, in turns: it yields after a few milliseconds of work. The file is there whole or
 * not at all; it need not outlive a power cut, since it is made again.
 *
 * @throws where it cannot be written
 */
export function* writeIndex(segment: Segment, index: MemoryIndex): Generator<void, void> {
  const parts = yield* encodeIndex(index, { bytes: segment.length, sha256: lastHash(segment) });
  const path = indexPath(segment);
  const unfinished = `${path}.new`;
  // It may have been removed meanwhile, with the index that it had.
  if (!existsSync(segment.path)) return;
  try {
    writeFileSync(unfinished, Buffer.concat(parts));
    renameSync(unfinished, path);
  } catch (fault) {
    rmSync(unfinished, { force: true });
    throw fault;
  }
}

function lastHash(segment: Segment): string {
  return withFile(segment.path, (fd) => {
    const [line] = linesBackFrom(fd, segment.length).take(1);
    const frame = line === undefined ? undefined : readFrame(line.bytes);
    if (frame?.ok !== true) throw new IndexFault(`${segment.path}: does not end with a record`);
    return frame.value.hash;
  });
}
