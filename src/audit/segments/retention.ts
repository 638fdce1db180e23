import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { EvidenceState } from '../checkpoints/evidence.ts';
import { indexPath } from '../index/index-files.ts';
import { linesBackFrom } from '../records/lines.ts';
import { readFrame } from '../records/record.ts';
import { type SegmentFile, syncDirectory, withFile } from './segment.ts';

/** How long records are kept, and what they must be covered by before they go. */
export interface RetentionOptions {
  /** Milliseconds; absent: for ever. */
  readonly keepMs?: number;
  /** Bytes of all segments with their indexes, about; absent: however many. */
  readonly keepBytes?: number;
  /** How many records, from the first on, checkpoints cover (see `Coverage`). */
  readonly covered: () => number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface RetentionLimits {
  /** Segments whose newest record is older may go: milliseconds since 1970. */
  readonly before?: number;
  /** The oldest may go while all have more bytes together. */
  readonly bytes?: number;
  /** Only records up to this one may. */
  readonly covered: number;
}

export interface Removable {
  /** The oldest of the log, in order. */
  readonly segments: readonly SegmentFile[];
  /** Of those that stay. */
  readonly first: number;
  readonly bytes: number;
  /** The next one was to go as well, but no checkpoint covers all of it. */
  readonly held: boolean;
}

/**
 * Which segments may go: whole ones, the oldest first, never the newest, which is written to. The header of the next
 * one holds the hash and the Merkle frontier of all before it, so the rest stays as provable as it was.
 *
 * @param segments of the log, oldest first
 * @throws where they cannot be read
 */
export function removableSegments(segments: readonly SegmentFile[], limits: RetentionLimits): Removable {
  const { before = Number.NEGATIVE_INFINITY, bytes: most = Number.POSITIVE_INFINITY, covered } = limits;
  const sizes = segments.map((segment) => segment.length + sizeOf(indexPath(segment)));
  let total = sizes.reduce((sum, size) => sum + size, 0);
  const removable: SegmentFile[] = [];
  let bytes = 0;
  let held = false;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next === undefined || (total <= most && newestTime(segment) >= before)) break;
    held = next.first - 1 > covered;
    if (held) break;
    removable.push(segment);
    bytes += sizes[index] ?? 0;
    total -= sizes[index] ?? 0;
  }
  return { segments: removable, first: segments[removable.length]?.first ?? 1, bytes, held };
}

/**
 * Removes segments, oldest first, each with its index and with what a crash left of it; after a crash in the midst of
 * it the rest is whole. Indexes of segments that were removed before go, too.
 */
export function removeSegments(directory: string, { segments, first }: Removable): void {
  for (const segment of segments) {
    for (const name of namesOf(directory)) {
      if (name.startsWith(`${basename(segment.path)}.torn-`)) rmSync(join(directory, name), { force: true });
    }
    rmSync(indexPath(segment), { force: true });
    rmSync(segment.path);
    // One after the other also for the disk: a power cut must not leave a gap.
    syncDirectory(directory);
  }
  for (const name of namesOf(directory)) {
    const [, digits] = INDEX.exec(name) ?? [];
    if (digits !== undefined && Number(digits) < first) rmSync(join(directory, name), { force: true });
  }
}

const INDEX = /^decisions-(\d{16})\.index(?:\.new)?$/;

/** Milliseconds since 1970: when the last record of a segment was decided. */
function newestTime(segment: SegmentFile): number {
  return withFile(segment.path, (fd) => {
    for (const { bytes } of linesBackFrom(fd, segment.length)) return timeOf(bytes, segment);
    throw new Error(`${segment.path} is empty, though records follow it`);
  });
}

/** The time of the record that a line is. */
export function timeOf(line: Buffer, { path }: Pick<SegmentFile, 'path'>): number {
  const frame = readFrame(line);
  if (!frame.ok) throw new Error(`${path}: ${frame.error}`);
  const [, at] = /^\{"at":(-?\d+(?:\.\d+)?),/.exec(frame.value.entry.toString('latin1', 0, 64)) ?? [];
  if (at === undefined) throw new Error(`${path}: record ${frame.value.id} does not begin with its time`);
  return Number(at);
}

function namesOf(directory: string): readonly string[] {
  return readdirSync(directory);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Up to which record checkpoints cover the log for good: the newest one, where it is kept here only; where it is to be
 * pushed to a second place, the newest of this process that is there.
 */
export class Coverage {
  private readonly state: () => EvidenceState;
  private readonly atStart: number | undefined;
  private pushed = 0;

  /** @param state of the evidence, as it is at any time; at first as it was found */
  constructor(state: () => EvidenceState) {
    this.state = state;
    this.atStart = state().newest?.at;
  }

  get covered(): number {
    const { newest, pushes } = this.state();
    if (newest === undefined) return 0;
    if (pushes.length === 0) return newest.size;
    // Whether the one that was found at the start ever arrived, nobody has written down.
    if (newest.at !== this.atStart && pushes.every(({ waiting }) => waiting === 0)) this.pushed = newest.size;
    return this.pushed;
  }
}
