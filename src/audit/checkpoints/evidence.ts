import type { LogHead } from '../log.ts';
import type { Hash } from '../tree/merkle-hash.ts';
import type { Checkpoint } from './checkpoint.ts';

/**
 * What proves a decision log to somebody who does not trust whoever keeps it: signed checkpoints, and proofs that lead
 * to them.
 */
export interface Evidence {
  /** A checkpoint of all that is on disk: the newest, or one that is made now if there is something new. */
  checkpoint(): Promise<SignedCheckpoint>;
  /**
   * The proof that a record is in the log; undefined for an id that is none of this log's.
   *
   * @throws LogError where its hashes cannot be read
   */
  proof(id: string): Promise<RecordProof | undefined>;
  /**
   * The hashes that show that the first `to` records go on from the first `from` (RFC 9162, section 2.1.4), and both
   * roots. `from` ≤ `to` ≤ the number of records.
   *
   * @throws LogError where they cannot be read
   */
  consistency(from: number, to: number): ConsistencyProof;
  /** The key that checkpoints are signed with: SubjectPublicKeyInfo in PEM. */
  readonly publicKey: string;
  /** The last record on disk and the root over all. */
  readonly head: LogHead;
  readonly state: EvidenceState;
  /** Makes a last checkpoint, and waits, for a while, until it is pushed. */
  close(): Promise<void>;
}

export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signed note (C2SP tlog-checkpoint). */
  readonly note: string;
}

/** A record as it stands in the log, and where in the tree. */
export interface ProvenLine {
  /** Without its line feed. */
  readonly line: string;
  /** Its place in the tree, from 0: the sequence less one. */
  readonly index: number;
  /** The hashes up to the root (RFC 9162, section 2.1.3), the lowest first. */
  readonly path: readonly Hash[];
}

/** All that it takes to show that a record is in a log, to somebody who has the node's public key. */
export interface RecordProof {
  readonly id: string;
  readonly record: ProvenLine;
  /** The records that hold the steps of its path that it only refers to. */
  readonly references: readonly ProvenLine[];
  readonly checkpoint: string;
}

export interface ConsistencyProof {
  readonly from: { readonly size: number; readonly root: Hash };
  readonly to: { readonly size: number; readonly root: Hash };
  readonly path: readonly Hash[];
}

/** What readiness and metrics tell of the checkpoints. Decisions are answered all the same. */
export interface EvidenceState {
  /** Records that no checkpoint covers yet. */
  readonly uncovered: number;
  /** The newest checkpoint; absent before the first. */
  readonly newest?: { readonly size: number; readonly at: number };
  /** Why the last one could not be made; absent where it could. */
  readonly failure?: string;
  /** The second places that they are pushed to, and why one does not take them. */
  readonly pushes: readonly PushState[];
}

export interface PushState {
  readonly to: 'file' | 'webhook';
  /** Checkpoints that wait. */
  readonly waiting: number;
  readonly failure?: string;
}
