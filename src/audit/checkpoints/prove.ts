import { LogError } from '../log.ts';
import { openRecord } from '../records/record.ts';
import { findLine, headerOf, listSegments, withFile } from '../segments/segment.ts';
import { consistencyPath, isConsistent } from '../tree/consistency.ts';
import { inclusionPath, isIncluded } from '../tree/inclusion.ts';
import { LevelFiles } from '../tree/level-files.ts';
import { recordLeaf } from '../tree/merkle-hash.ts';
import { rootOf } from '../tree/subtrees.ts';
import type { ConsistencyProof, ProvenLine, RecordProof, SignedCheckpoint } from './evidence.ts';
import { referencesOf } from './record-proof.ts';

/**
 * The proof that a record is in the log of a directory, up to a checkpoint that covers it; undefined where its segment
 * was removed. It is checked before it is given away.
 *
 * @throws LogError where the record or the hashes cannot be read, or do not fit
 */
export function proveRecord(
  directory: string,
  id: string,
  sequence: number,
  { checkpoint, note }: SignedCheckpoint,
): RecordProof | undefined {
  return withTree(directory, (files) => {
    const lines = linesOf(directory, sequence);
    const [record] = lines;
    if (record === undefined) return undefined;
    const prove = ({ sequence: place, line, hash }: FoundLine): ProvenLine => {
      const path = inclusionPath(files, place - 1, checkpoint.size);
      if (!isIncluded(recordLeaf(hash), place - 1, checkpoint, path)) {
        throw new Error(`the hashes in tree-*.bin do not lead from record ${place} to the checkpoint`);
      }
      return { line, index: place - 1, path };
    };
    return { id, record: prove(record), references: lines.slice(1).map(prove), checkpoint: note };
  });
}

/** The proof that the first `to` records of the log of a directory go on from the first `from`. */
export function proveConsistency(directory: string, from: number, to: number): ConsistencyProof {
  return withTree(directory, (files) => {
    const older = { size: from, root: rootOf(files, from) };
    const newer = { size: to, root: rootOf(files, to) };
    const path = consistencyPath(files, from, to);
    if (!isConsistent(older, newer, path)) throw new Error('the hashes in tree-*.bin do not fit one another');
    return { from: older, to: newer, path };
  });
}

interface FoundLine {
  readonly sequence: number;
  readonly line: string;
  readonly hash: string;
}

/** The line of a record, then those that it refers to; none where its segment was removed. */
function linesOf(directory: string, sequence: number): readonly FoundLine[] {
  const file = listSegments(directory).findLast(({ first }) => first <= sequence);
  if (file === undefined) return [];
  const header = headerOf(file.path, file.length);
  if (!header.ok) throw new Error(header.error);
  const segment = { ...file, start: header.value?.start ?? 0 };
  return withFile(file.path, (fd) => {
    const read = (place: number) => {
      const line = findLine(fd, segment, place)?.bytes;
      const opened = line === undefined ? undefined : openRecord(line);
      if (line === undefined || opened === undefined) throw new Error(`${file.path}: record ${place} is missing`);
      if (!opened.ok) throw new Error(`${file.path}: ${opened.error}`);
      const { hash, entry } = opened.value;
      return { sequence: place, line: line.toString(), hash, entry: entry.toString() };
    };
    const record = read(sequence);
    return [record, ...referencesOf(record.entry, sequence).map(read)];
  });
}

function withTree<T>(directory: string, use: (files: LevelFiles) => T): T {
  try {
    const [oldest] = listSegments(directory);
    const header = oldest === undefined ? undefined : headerOf(oldest.path, oldest.length);
    if (header?.ok !== true || header.value === undefined) throw new Error('the oldest segment has no header');
    const files = LevelFiles.openForReading(directory, header.value.header.frontier);
    try {
      return use(files);
    } finally {
      files.close();
    }
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new LogError(
      `the proof cannot be made now: ${reason}; the hashes are made from the records again at the next start (delete tree-*.bin if it stays so)`,
      { cause: fault },
    );
  }
}
