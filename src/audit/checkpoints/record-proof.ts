import type { KeyObject } from 'node:crypto';
import { err, ok, type Result } from '../../core/result.ts';
import type { StoredDecision } from '../log.ts';
import { FORMAT } from '../records/entry.ts';
import { decodeEntry, fullStepsOf } from '../records/read-entry.ts';
import { type Frame, openRecord } from '../records/record.ts';
import { isIncluded } from '../tree/inclusion.ts';
import { HASH, recordLeaf } from '../tree/merkle-hash.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import type { ProvenLine, RecordProof } from './evidence.ts';

/** What a proof shows: that this record is one of those that the node signed for. */
export interface ProvenRecord {
  readonly record: StoredDecision;
  readonly checkpoint: Checkpoint;
}

/** The sequences of the records that hold steps which the entry of this one (its text) only refers to. */
export function referencesOf(entry: string, sequence: number): readonly number[] {
  const found = new Set<number>();
  const { chain, others = [] } = JSON.parse(entry) as Paths;
  for (const { steps } of chain === undefined ? others : [chain, ...others]) {
    for (const step of steps) if (typeof step === 'string') found.add(Number(step.split('.')[0]));
  }
  found.delete(sequence);
  return [...found].sort((one, other) => one - other);
}

interface Paths {
  readonly chain?: { readonly steps: readonly unknown[] };
  readonly others?: readonly { readonly steps: readonly unknown[] }[];
}

/**
 * Checks a proof (the answer of `GET /v1/decisions/{id}/proof`) with nothing but the node's public key: the checkpoint's
 * signature, the records' own hashes, their places in the tree that the checkpoint is of. What is wrong is the error.
 */
export function verifyRecordProof(given: unknown, publicKey: KeyObject): Result<ProvenRecord, string> {
  const proof = readProof(given);
  if (proof === undefined) return err('it is no proof: {"id", "record", "references", "checkpoint"} are what one has');
  const checkpoint = openCheckpoint(proof.checkpoint, publicKey);
  if (!checkpoint.ok) return err(`the checkpoint is not to be believed: ${checkpoint.error}`);
  const record = proven(proof.record, checkpoint.value);
  if (!record.ok) return record;
  const { id, node, sequence, previous, hash, entry } = record.value;
  if (id !== proof.id) return err(`it is the proof of record ${id}, not of ${proof.id}`);
  const others = new Map<number, Frame>();
  for (const line of proof.references) {
    const reference = proven(line, checkpoint.value);
    if (!reference.ok) return reference;
    others.set(reference.value.sequence, reference.value);
  }
  const decoded = decodeEntry(entry.toString(), sequence, (place, index) => {
    const other = others.get(place);
    const step = other === undefined ? undefined : fullStepsOf(other.entry.toString())[index];
    return step === undefined ? err(`refers to record ${place}, which does not hold it here`) : ok(step);
  });
  if (!decoded.ok) return err(`record ${id}: ${decoded.error}`);
  return ok({
    record: { ...decoded.value, format: FORMAT, id, node, sequence, previous, hash },
    checkpoint: checkpoint.value,
  });
}

function proven({ line, index, path }: ProvenLine, checkpoint: Checkpoint): Result<Frame, string> {
  const opened = openRecord(Buffer.from(line));
  if (!opened.ok) return opened;
  const { id, node, sequence, hash } = opened.value;
  if (node !== checkpoint.node) {
    return err(`record ${id} is of node "${node}", the checkpoint of node "${checkpoint.node}"`);
  }
  if (sequence !== index + 1) return err(`record ${id} is not the record ${index + 1} that the proof is for`);
  return isIncluded(recordLeaf(hash), index, checkpoint, path)
    ? opened
    : err(`record ${id} is not in the log that the checkpoint is of: the path leads to another root`);
}

function readProof(given: unknown): RecordProof | undefined {
  const { id, record, references, checkpoint } = (given ?? {}) as { readonly [name: string]: unknown };
  const isProof =
    typeof id === 'string' &&
    typeof checkpoint === 'string' &&
    isLine(record) &&
    Array.isArray(references) &&
    references.every(isLine);
  return isProof ? { id, record, references, checkpoint } : undefined;
}

function isLine(given: unknown): given is ProvenLine {
  const { line, index, path } = (given ?? {}) as { readonly [name: string]: unknown };
  return (
    typeof line === 'string' &&
    typeof index === 'number' &&
    Array.isArray(path) &&
    path.every((hash) => typeof hash === 'string' && HASH.test(hash))
  );
}
