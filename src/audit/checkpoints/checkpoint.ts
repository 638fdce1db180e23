import type { KeyObject } from 'node:crypto';
import { err, ok, type Result } from '../../core/result.ts';
import { HASH, HASH_BYTES, type Hash } from '../tree/merkle-hash.ts';
import { openNote, type Signer, signNote } from './signed-note.ts';

/** The latest change that is in the mirror of the change log. */
export interface ChangeHead {
  readonly epoch: string;
  readonly revision: number;
  readonly sha256: Hash;
}

/** What a node's log was at a moment: enough to find out later that anything of it was changed, removed or added. */
export interface Checkpoint {
  readonly node: string;
  /** Records in the log since it began, removed ones included. */
  readonly size: number;
  /** The Merkle tree hash over all of them (RFC 9162, section 2.1.1). */
  readonly root: Hash;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The own hash of the last record; zeros before the first. */
  readonly last: Hash;
  /** Absent while nothing was ever changed. */
  readonly changes?: ChangeHead;
}

const ORIGIN = /^behalf\/([A-Za-z0-9][A-Za-z0-9.-]{0,63})$/;
const SIZE = /^(0|[1-9]\d{0,15})$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const CHANGES = /^([^\s.]+)\.(0|[1-9]\d{0,15}) ([0-9a-f]{64})$/;

/** The origin line of a node's checkpoints, which is also the name of its key. */
function originOf(node: string): string {
  return `behalf/${node}`;
}

/**
 * A checkpoint as a signed note: the format of C2SP's tlog-checkpoint, with what it does not know in extension lines:
 * `time`, `last` (the own hash of the last record) and `changes` (revision and hash of the change log's head).
 */
export function signCheckpoint(checkpoint: Checkpoint, signer: Signer): string {
  const { node, size, root, at, last, changes } = checkpoint;
  const lines = [
    originOf(node),
    size,
    Buffer.from(root, 'hex').toString('base64'),
    `time ${new Date(at).toISOString()}`,
    `last ${last}`,
    ...(changes === undefined ? [] : [`changes ${changes.epoch}.${changes.revision} ${changes.sha256}`]),
  ];
  return signNote(`${lines.join('\n')}\n`, originOf(node), signer);
}

/** The checkpoint in a note, if the key of the node that it names signed it; otherwise what is wrong with it. */
export function openCheckpoint(note: string, publicKey: KeyObject): Result<Checkpoint, string> {
  const [origin = ''] = note.split('\n', 1);
  const [, node] = ORIGIN.exec(origin) ?? [];
  if (node === undefined) {
    return err(
      `it does not begin with "behalf/" and the name of a node, but with ${JSON.stringify(origin.slice(0, 80))}`,
    );
  }
  const text = openNote(note, origin, publicKey);
  return text.ok ? readText(text.value, node) : text;
}

function readText(text: string, node: string): Result<Checkpoint, string> {
  const [, size = '', base64 = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = Buffer.from(base64, 'base64');
  const time = extension(extensions, 'time');
  const last = extension(extensions, 'last');
  const changes = extension(extensions, 'changes');
  const head = changes === undefined ? undefined : CHANGES.exec(changes);
  const at = Date.parse(TIME.test(time ?? '') ? (time ?? '') : '');
  if (!SIZE.test(size)) return err(`"${size}" is no number of records`);
  if (root.length !== HASH_BYTES || root.toString('base64') !== base64) return err(`"${base64}" is no root hash`);
  if (Number.isNaN(at)) return err('it has no "time" in it, as RFC 3339 with milliseconds in UTC');
  if (last === undefined || !HASH.test(last)) return err('it has no "last" in it, the hash of the last record');
  if (head === null) return err('its "changes" are not a revision and a hash');
  const [, epoch = '', revision, sha256 = ''] = head ?? [];
  return ok({
    node,
    size: Number(size),
    root: root.toString('hex'),
    at,
    last,
    ...(head === undefined ? undefined : { changes: { epoch, revision: Number(revision), sha256 } }),
  });
}

/** What stands behind a word at the beginning of a line; unknown lines are for others. */
function extension(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
}
