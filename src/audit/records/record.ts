import { hash } from 'node:crypto';
import { err, ok, type Result } from '../../core/result.ts';
import type { Link } from '../log.ts';
import { FORMAT } from './entry.ts';

/**
 * One record is one line of UTF-8, ended by a line feed: the canonical JSON (RFC 8785) of
 * `{"entry": …, "id": …, "previous": …, "sha256": …}`.
 *
 * `sha256` is SHA-256, in hexadecimal, over the canonical JSON of the same object without the member `sha256`: so any
 * implementation of RFC 8785 can check it. It is also the line up to `,"sha256"` and a brace, so the bytes in the file
 * suffice, and nothing needs to be parsed. `previous` is that of the record before, so it seals that one too.
 */

/** What the first record of a log follows. */
export const GENESIS: Link = { sequence: 0, hash: '0'.repeat(64) };

const NODE = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/;
/** Base 32 in the order of ASCII (the digits of RFC 4648, section 7); ten of them keep 50 bits. */
const SEQUENCE_DIGITS = 10;
const HEAD = '{"entry":';
const TAIL =
  /,"id":"(d_([0-9a-v]{10,12})_([A-Za-z0-9.-]{1,64}))","previous":"([0-9a-f]{64})","sha256":"([0-9a-f]{64})"\}$/;
/** The longest tail: with the longest id. */
const TAIL_BYTES = 256;
/** `,"sha256":"…"}`, without the line feed. */
const SEAL_BYTES = 77;
const BRACE = 0x7d;

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

/** The line of an entry that follows `after` on `node`, without its line feed, and its own link. */
export function sealRecord(entry: string, node: string, after: Link): { readonly line: string; readonly link: Link } {
  const sequence = after.sequence + 1;
  const content = `${HEAD}${entry},"id":"${recordId(sequence, node)}","previous":"${after.hash}"`;
  const own = hash('sha256', `${content}}`, 'hex');
  return { line: `${content},"sha256":"${own}"}`, link: { sequence, hash: own } };
}

/** What stands around the entry, without looking into it. */
export interface Frame {
  readonly id: string;
  readonly node: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
  /** The bytes of the entry. */
  readonly entry: Buffer;
}

export function readFrame(line: Buffer): Result<Frame, string> {
  const start = Math.max(0, line.length - TAIL_BYTES);
  const tail = TAIL.exec(line.toString('latin1', start));
  const [, id, digits, node, previous, own] = tail ?? [];
  if (
    tail === null ||
    id === undefined ||
    digits === undefined ||
    node === undefined ||
    previous === undefined ||
    own === undefined ||
    line.toString('latin1', 0, HEAD.length) !== HEAD
  ) {
    return err(formatFault(line) ?? 'no decision record');
  }
  const entry = line.subarray(HEAD.length, start + tail.index);
  return ok({ id, node, sequence: Number.parseInt(digits, 32), previous, hash: own, entry });
}

/** What is wrong with the format of a line, as far as it says one. */
export function formatFault(line: Buffer): string | undefined {
  const format = /^\{"format":(\d+),/.exec(line.toString('latin1', 0, 32))?.[1];
  if (format === undefined) return undefined;
  return Number(format) < FORMAT
    ? `a log of format ${format}, of a version before any release; this version reads format ${FORMAT}: begin another log, by --log or by moving this one away`
    : newerFormat(Number(format));
}

export function newerFormat(format: number): string {
  return `a log of format ${format}; this version of behalf reads format ${FORMAT}: use the version that wrote it`;
}

/** The frame of a line, if the line is a record that matches its own hash; otherwise what is wrong with it. */
export function openRecord(line: Buffer): Result<Frame, string> {
  const frame = readFrame(line);
  if (!frame.ok) return frame;
  const sealed = checkSeal(line, frame.value);
  return sealed.ok ? frame : sealed;
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

function checkSeal(line: Buffer, frame: Frame): Result<Link, string> {
  const comma = line.length - SEAL_BYTES;
  const before = line[comma] ?? BRACE;
  // In place: copying a line takes as long as hashing it.
  line[comma] = BRACE;
  const own = hash('sha256', line.subarray(0, comma + 1), 'hex');
  line[comma] = before;
  if (own !== frame.hash) return err(`record ${frame.id} was changed: its hash is not that of its content`);
  return ok({ sequence: frame.sequence, hash: own });
}
