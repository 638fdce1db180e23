import { hash } from 'node:crypto';
import { err, ok, type Result } from '../core/result.ts';
import type { DecisionEntry, Link, StoredDecision } from './log.ts';

/**
 * One record is one line of UTF-8, ended by a line feed: a JSON object without white space, whose members stand in a
 * fixed order: `format`, `id`, `node`, `sequence`, then the entry, then `previous` and `hash`.
 *
 * `hash` is SHA-256, in hexadecimal, over the bytes of the line up to the comma before `"hash"`, which is the line
 * without its last 76 bytes: `head -c -76 | sha256sum` of a line prints it. `previous` is the hash of the record
 * before, so it seals that one too. The bytes are hashed as they stand in the file: nothing needs to be parsed or
 * written again the same way (as RFC 8785 would ask for) to verify them.
 */

/** What the first record of a log follows. */
export const GENESIS: Link = { sequence: 0, hash: '0'.repeat(64) };

const RECORD_FORMAT = 1;

const NODE = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/;
/** Base 32 in the order of ASCII (the digits of RFC 4648, section 7); ten of them keep 50 bits. */
const SEQUENCE_DIGITS = 10;
const HEAD = /^\{"format":1,"id":"(d_[^"]{1,100})","node":"([^"]{1,64})","sequence":(\d{1,16}),/;
const HEAD_BYTES = 256;
const TAIL = /,"previous":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;
const TAIL_BYTES = 154;
/** `,"hash":"…"}`, without the line feed. */
const SEAL_BYTES = 75;

/** Whether a node may be called so; the name becomes part of every id. */
export function isNodeName(node: string): boolean {
  return NODE.test(node);
}

/** `d_`, the sequence with a fixed width (so ids sort as they came), the node (so that no two nodes make the same). */
export function recordId(sequence: number, node: string): string {
  return `d_${sequence.toString(32).padStart(SEQUENCE_DIGITS, '0')}_${node}`;
}

/** The sequence in an id of `node`, or undefined if it is none. */
export function sequenceOf(id: string, node: string): number | undefined {
  const sequence = Number.parseInt(id.slice(2, 2 + SEQUENCE_DIGITS), 32);
  return sequence > 0 && recordId(sequence, node) === id ? sequence : undefined;
}

/** The record that follows `after` on `node`, and its line. Throws what `JSON.stringify` throws. */
export function encodeRecord(
  entry: DecisionEntry,
  node: string,
  after: Link,
): { record: StoredDecision; line: string } {
  const sequence = after.sequence + 1;
  const id = recordId(sequence, node);
  const body = JSON.stringify({
    at: entry.at,
    caller: entry.caller,
    request: entry.request,
    decision: entry.decision,
    enforced: entry.enforced,
    requestId: entry.requestId,
    latencyUs: entry.latencyUs,
    search: entry.search,
    supersedes: entry.supersedes,
  });
  const sealed = `{"format":${RECORD_FORMAT},"id":"${id}","node":"${node}","sequence":${sequence},${body.slice(1, -1)},"previous":"${after.hash}"`;
  const own = hash('sha256', sealed, 'hex');
  return {
    record: { ...entry, format: RECORD_FORMAT, id, node, sequence, previous: after.hash, hash: own },
    line: `${sealed},"hash":"${own}"}\n`,
  };
}

/** The record of a line, if the line is one and matches its own hash; otherwise what is wrong with it. */
export function decodeRecord(line: Buffer): Result<StoredDecision, string> {
  const frame = readFrame(line);
  if (!frame.ok) return frame;
  const seal = checkSeal(line, frame.value);
  return seal.ok ? ok(JSON.parse(line.toString()) as StoredDecision) : seal;
}

/**
 * Whether a line is the record of `node` that follows `after` (absent: whichever its predecessor was), unchanged.
 * Gives the link for the next one, or what is wrong.
 */
export function checkLine(line: Buffer, node: string | undefined, after: Link | undefined): Result<Link, string> {
  const read = readFrame(line);
  if (!read.ok) return read;
  const frame = read.value;
  if (node !== undefined && frame.node !== node) {
    return err(`record ${frame.id} is of node "${frame.node}", not "${node}": a log belongs to one node`);
  }
  if (frame.id !== recordId(frame.sequence, frame.node)) return err(`record ${frame.id} has another sequence in it`);
  if (after !== undefined && frame.sequence !== after.sequence + 1) {
    return err(`record ${frame.id} has sequence ${frame.sequence}, where ${after.sequence + 1} follows`);
  }
  if (after !== undefined && frame.previous !== after.hash) {
    return err(`record ${frame.id} does not follow the one before it: its "previous" is another hash`);
  }
  return checkSeal(line, frame);
}

export interface Frame {
  readonly id: string;
  readonly node: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
}

/** What stands around the entry, without looking into it. */
export function readFrame(line: Buffer): Result<Frame, string> {
  const head = HEAD.exec(line.toString('latin1', 0, HEAD_BYTES));
  const tail = TAIL.exec(line.toString('latin1', Math.max(0, line.length - TAIL_BYTES)));
  const [, id, node, sequence] = head ?? [];
  const [, previous, own] = tail ?? [];
  if (id === undefined || node === undefined || previous === undefined || own === undefined) {
    const format = /^\{"format":(\d+),/.exec(line.toString('latin1', 0, 32))?.[1];
    return err(
      format !== undefined && Number(format) > RECORD_FORMAT
        ? `a record of format ${format}; this version of behalf reads format ${RECORD_FORMAT}: use the version that wrote it`
        : 'no decision record',
    );
  }
  return ok({ id, node, sequence: Number(sequence), previous, hash: own });
}

function checkSeal(line: Buffer, frame: Frame): Result<Link, string> {
  if (hash('sha256', line.subarray(0, line.length - SEAL_BYTES), 'hex') !== frame.hash) {
    return err(`record ${frame.id} was changed: its hash is not that of its content`);
  }
  return ok({ sequence: frame.sequence, hash: frame.hash });
}
