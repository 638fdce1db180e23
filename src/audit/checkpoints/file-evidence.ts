import type { KeyObject } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogError, type LogHead } from '../log.ts';
import { sequenceOf } from '../records/record.ts';
import { PUBLIC_KEY } from '../verify/known-checkpoints.ts';
import { type ChangeHead, type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { appendCheckpoint, CHECKPOINTS, readCheckpointFile } from './checkpoint-file.ts';
import { CheckpointPush, fileTarget, webhookTarget } from './checkpoint-push.ts';
import type { ConsistencyProof, Evidence, EvidenceState, RecordProof, SignedCheckpoint } from './evidence.ts';
import { proveConsistency, proveRecord } from './prove.ts';
import type { Signer } from './signed-note.ts';
import { openSigningKey, parsePublicKey, publicKeyPem } from './signing-key.ts';

export interface EvidenceOptions {
  readonly directory: string;
  readonly node: string;
  /** The file of the private key; made where there is none. */
  readonly keyPath: string;
  /** Where the log ends on disk. */
  readonly head: () => LogHead;
  readonly changes: ChangeLogPort;
  /** The second places that checkpoints are pushed to. */
  readonly pushTo: { readonly file?: string | undefined; readonly webhook?: string | undefined };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** When checkpoints are made: after so many records, or so long after the last one if there are any. */
  readonly every?: { readonly records: number; readonly ms: number };
}

/** The change log that decisions rest on. */
export interface ChangeLogPort {
  /** Of the last change that was acknowledged; 0 before the first. */
  readonly revision: number;
  /** The hash of a change; undefined for one that is not there. */
  sha256(revision: number): string | undefined;
  /** The last change in the mirror, once all that was acknowledged until now is there. */
  mirrored(): Promise<ChangeHead | undefined>;
}

const EVERY = { records: 1000, ms: 10_000 };
/** Milliseconds between two looks at whether it is time for one. */
const LOOK_MS = 250;

/**
 * Opens what proves the log in a directory. Nothing is signed that contradicts what was signed before: a log that is
 * shorter than its newest checkpoint says, or another one, is refused, and so is a store that has lost changes since.
 *
 * @throws LogError that says what is wrong with the key or the checkpoints
 */
export function openFileEvidence(options: EvidenceOptions): Evidence {
  const signer = openSigningKey(options.keyPath);
  if (!signer.ok) throw new LogError(signer.error);
  placePublicKey(options.directory, options.keyPath, signer.value.publicKey);
  const newest = newestCheckpoint(options.directory, options.node, signer.value.publicKey);
  if (newest !== undefined) {
    refuseShorter(newest.checkpoint, options.head());
    refuseOlderStore(newest.checkpoint, options.changes);
  }
  return new FileEvidence(options, signer.value, newest);
}

class FileEvidence implements Evidence {
  readonly publicKey: string;
  private readonly options: EvidenceOptions;
  private readonly signer: Signer;
  private readonly pushes: readonly CheckpointPush[];
  private newest: SignedCheckpoint | undefined;
  private making: Promise<SignedCheckpoint> | undefined;
  private failure: string | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(options: EvidenceOptions, signer: Signer, newest: SignedCheckpoint | undefined) {
    this.options = options;
    this.signer = signer;
    this.newest = newest;
    const { file, webhook } = options.pushTo;
    this.pushes = [
      ...(file === undefined ? [] : [fileTarget(file)]),
      ...(webhook === undefined ? [] : [webhookTarget(webhook)]),
    ].map((target) => new CheckpointPush(target));
    this.publicKey = publicKeyPem(signer.publicKey);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  get head(): LogHead {
    return this.options.head();
  }

  get state(): EvidenceState {
    const { newest, failure } = this;
    return {
      uncovered: this.head.sequence - (newest?.checkpoint.size ?? 0),
      ...(newest === undefined ? undefined : { newest: { size: newest.checkpoint.size, at: newest.checkpoint.at } }),
      ...(failure === undefined ? undefined : { failure }),
      pushes: this.pushes.map(({ state }) => state),
    };
  }

  async checkpoint(): Promise<SignedCheckpoint> {
    // Whoever asks while one is being made may have come too late for it.
    await this.making?.catch(() => undefined);
    this.making ??= this.make().finally(() => {
      this.making = undefined;
    });
    return this.making;
  }

  async proof(id: string): Promise<RecordProof | undefined> {
    const { directory, node } = this.options;
    const sequence = sequenceOf(id, node);
    if (sequence === undefined || sequence > this.head.sequence) return undefined;
    const { newest } = this;
    const signed = newest !== undefined && sequence <= newest.checkpoint.size ? newest : await this.checkpoint();
    return proveRecord(directory, id, sequence, signed);
  }

  consistency(from: number, to: number): ConsistencyProof {
    return proveConsistency(this.options.directory, from, to);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    // It has said what is wrong, if anything is, and the log closes all the same.
    await this.checkpoint().catch(() => undefined);
    await Promise.all(this.pushes.map((push) => push.close()));
  }

  private look(): void {
    if (this.making !== undefined || !this.isDue()) return;
    this.checkpoint().catch(() => undefined);
  }

  private isDue(): boolean {
    const { every = EVERY, changes, clock } = this.options;
    const { size, at, changes: covered } = this.newest?.checkpoint ?? { size: 0, at: 0 };
    const uncovered = this.head.sequence - size;
    if (uncovered >= every.records) return true;
    return (uncovered > 0 || changes.revision !== (covered?.revision ?? 0)) && clock() - at >= every.ms;
  }

  private async make(): Promise<SignedCheckpoint> {
    const { directory, node, clock } = this.options;
    try {
      // In this order: every change that a record rests on is then in the change log.
      const { sequence, hash, root } = this.head;
      const changes = await this.options.changes.mirrored();
      const { newest } = this;
      if (newest !== undefined && isOf(newest.checkpoint, sequence, changes)) return newest;
      const checkpoint: Checkpoint = {
        node,
        size: sequence,
        root,
        at: clock(),
        last: hash,
        ...(changes === undefined ? undefined : { changes }),
      };
      const note = signCheckpoint(checkpoint, this.signer);
      await appendCheckpoint(join(directory, CHECKPOINTS), note);
      this.failure = undefined;
      for (const push of this.pushes) push.push(note);
      this.newest = { checkpoint, note };
      return this.newest;
    } catch (fault) {
      this.failure = fault instanceof Error ? fault.message : String(fault);
      throw new LogError(`no checkpoint could be made: ${this.failure}`, { cause: fault });
    }
  }
}

/** Whether there is nothing new since a checkpoint. */
function isOf(checkpoint: Checkpoint, size: number, changes: ChangeHead | undefined): boolean {
  return checkpoint.size === size && checkpoint.changes?.sha256 === changes?.sha256;
}

/** Lays the public key beside the log for auditors; another one there has signed what this key cannot vouch for. */
function placePublicKey(directory: string, keyPath: string, publicKey: KeyObject): void {
  const path = join(directory, PUBLIC_KEY);
  const pem = publicKeyPem(publicKey);
  try {
    writeFileSync(path, pem, { flag: 'wx', mode: 0o644 });
    return;
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code !== 'EEXIST') throw fault;
  }
  const own = parsePublicKey(readFileSync(path, 'utf8'));
  if (!own.ok) throw new LogError(`${path}: ${own.error}`);
  if (publicKeyPem(own.value) !== pem) {
    throw new LogError(
      `${path} is the public key of another audit key than ${keyPath}: give the one that this log was signed with (--audit-key), or begin another log (--log)`,
    );
  }
}

/** The last checkpoint of the directory. One that was being written when the process died is cut off. */
function newestCheckpoint(directory: string, node: string, publicKey: KeyObject): SignedCheckpoint | undefined {
  const path = join(directory, CHECKPOINTS);
  const { lines, torn } = readCheckpointFile(path);
  if (torn !== '') truncateSync(path, Buffer.byteLength(readFileSync(path, 'utf8')) - Buffer.byteLength(torn));
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  const opened = last.note.ok ? openCheckpoint(last.note.value, publicKey) : last.note;
  const fault = opened.ok && opened.value.node !== node ? `it is of node "${opened.value.node}"` : undefined;
  if (!last.note.ok || !opened.ok || fault !== undefined) {
    throw new LogError(`${path}, line ${last.line}: ${fault ?? (opened.ok ? '' : opened.error)}`);
  }
  return { checkpoint: opened.value, note: last.note.value };
}

/** Yesterday's store would allow again what was revoked today, though the change log beside it was set back with it. */
function refuseOlderStore({ changes, at }: Checkpoint, store: ChangeLogPort): void {
  if (changes === undefined || store.sha256(changes.revision) === changes.sha256) return;
  const how = store.revision < changes.revision ? `ends at revision ${store.revision}` : 'has another history';
  throw new LogError(
    `the store ${how}, where the log's checkpoint of ${new Date(at).toISOString()} says that it had revision ${changes.revision}: it was restored from a backup, or is another one, and would allow what was revoked since. Serve the store that belongs to this log; or keep this log as evidence and begin another one with --log`,
  );
}

function refuseShorter({ size, root, at }: Checkpoint, head: LogHead): void {
  const told = `its checkpoint of ${new Date(at).toISOString()} says`;
  if (head.sequence < size) {
    throw new LogError(
      `the decision log ends at record ${head.sequence}, where ${told} that there were ${size}: records are missing (behalf audit verify says which)`,
    );
  }
  if (head.sequence === size && head.root !== root) {
    throw new LogError(`the decision log is another one than ${told}: behalf audit verify says where`);
  }
}
