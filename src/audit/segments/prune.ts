import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { CHECKPOINTS, readCheckpointFile } from '../checkpoints/checkpoint-file.ts';
import { parsePublicKey } from '../checkpoints/signing-key.ts';
import { lockDirectory } from '../directory-lock.ts';
import { LogError } from '../log.ts';
import { PUBLIC_KEY } from '../verify/known-checkpoints.ts';
import { toLogError } from '../writing/group-commit.ts';
import { type Removable, removableSegments, removeSegments } from './retention.ts';
import { headerOf, listSegments, type SegmentFile } from './segment.ts';

export interface PruneOptions {
  /** Milliseconds since 1970: segments whose newest record is older go. */
  readonly before: number;
  /** Also what no checkpoint covers. */
  readonly uncovered: boolean;
  /** Only tells what would go. */
  readonly dryRun: boolean;
}

/**
 * Removes the segments of a log directory that hold older records only, while no server has it. Checkpoints and the
 * mirror of the change log stay.
 *
 * @throws LogError where the directory is in use or cannot be read
 */
export function pruneLog(directory: string, { before, uncovered, dryRun }: PruneOptions): Removable {
  try {
    // A directory without a log gets no lock either.
    if (listSegments(directory).length === 0) throw new LogError(`${directory} holds no decision log: no segment`);
    const unlock = lockDirectory(directory);
    try {
      const segments = begun(listSegments(directory));
      const covered = uncovered ? Number.POSITIVE_INFINITY : coveredBy(directory, nodeOf(segments));
      const removable = removableSegments(segments, { before, covered });
      if (!dryRun) removeSegments(directory, removable);
      return removable;
    } finally {
      unlock();
    }
  } catch (fault) {
    throw toLogError(fault);
  }
}

/** Without a newest one whose header is not whole: the log goes on in the one before. */
function begun(segments: readonly SegmentFile[]): readonly SegmentFile[] {
  const newest = segments.at(-1);
  return newest === undefined || headerIn(newest) !== undefined ? segments : segments.slice(0, -1);
}

function headerIn({ path, length }: SegmentFile) {
  const header = headerOf(path, length);
  if (!header.ok) throw new LogError(header.error);
  return header.value?.header;
}

function nodeOf([first]: readonly SegmentFile[]): string | undefined {
  return first && headerIn(first)?.node;
}

/** How many records the newest checkpoint of the node covers. */
function coveredBy(directory: string, node: string | undefined): number {
  const { lines } = readCheckpointFile(join(directory, CHECKPOINTS));
  const last = lines.at(-1);
  if (last === undefined) return 0;
  const opened = last.note.ok ? openCheckpoint(last.note.value, publicKeyIn(directory)) : last.note;
  if (!opened.ok) throw new LogError(`${CHECKPOINTS}, line ${last.line}: ${opened.error}`);
  return opened.value.node === node ? opened.value.size : 0;
}

function publicKeyIn(directory: string): KeyObject {
  const path = join(directory, PUBLIC_KEY);
  const key = parsePublicKey(readFileSync(path, 'utf8'));
  if (!key.ok) throw new LogError(`${path}: ${key.error}`);
  return key.value;
}
