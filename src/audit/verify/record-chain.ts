import { hash } from 'node:crypto';
import { recordId, sequenceOf } from '../records/record.ts';
import type { Hash } from '../tree/merkle-hash.ts';

/** What a line was found to be. */
export interface CheckedRecord {
  readonly id: string;
  readonly sequence: number;
  /** As it stands in the line: what the next record follows, even where the content is another. */
  readonly sha256: Hash;
  /** The revision that it was decided at, as `<epoch>.<revision>` or by itself; absent where it cannot be seen. */
  readonly revision?: string;
  /** It was answered by a search, at the revision of the search's first page. */
  readonly search: boolean;
}

/** `,"sha256":"…"}`. */
const SEAL_BYTES = 77;
/** More than everything behind the paths takes, apart from what callers may make as long as they like. */
const TAIL_BYTES = 640;
const CLOSING_BRACE = 0x7d;

const FRAME = /\},"id":"(d_[^"]{1,100})","previous":"([0-9a-f]{64})","sha256":"([0-9a-f]{64})"\}$/;
/**
 * Members of an entry from `revision` to its end. A quotation mark inside a text has a backslash before it, so none of
 * what callers send can look like a member.
 */
const REVISION =
  /,"revision":(?:"([^"\\]*)"|(\d+))((?:,"[a-z_]+":(?:"(?:[^"\\]|\\.)*"|\d+|true|false))*)\},"id":"d_[^"]*"/;

/**
 * Follows the chain of records line by line (src/audit/records/record.ts has the format): each is sealed by its own hash,
 * follows the one before and has the next sequence. What is wrong is said, and the chain followed on from there.
 */
export class RecordChain {
  private readonly node: string;
  private sequence: number;
  /** Undefined where the record before is not known. */
  private previous: Hash | undefined;
  /** Lines that cannot be read since the last record: each may have been one, or was added. */
  private unreadable = 0;
  private readonly fault: (message: string, record?: string) => void;
  /** Every sequence from the first on was there, once, in order. */
  unbroken = true;

  /** @param sequence of the record before; `previous` its hash */
  constructor(
    node: string,
    sequence: number,
    previous: Hash | undefined,
    fault: (message: string, record?: string) => void,
  ) {
    this.node = node;
    this.sequence = sequence;
    this.previous = previous;
    this.fault = fault;
  }

  /** The record that is expected next. */
  get next(): { readonly sequence: number; readonly previous: Hash | undefined } {
    return { sequence: this.sequence + 1, previous: this.previous };
  }

  /** Takes what stands between two records for gone: the next is expected to have this sequence. */
  skipTo(sequence: number, previous: Hash | undefined): void {
    this.unbroken = false;
    this.sequence = sequence - 1;
    this.previous = previous;
  }

  /** Checks the next line, without its line feed. Its bytes may be changed while it runs. */
  check(line: Buffer): CheckedRecord | undefined {
    const own = contentHash(line);
    const tail = line.toString('latin1', Math.max(0, line.length - TAIL_BYTES));
    const sequence = this.sequence + 1;
    const id = recordId(sequence, this.node);
    // What the end of nearly every line is: one comparison instead of taking it apart.
    if (own === undefined || !tail.endsWith(`},"id":"${id}","previous":"${this.previous}","sha256":"${own}"}`)) {
      return this.diagnose(tail, own);
    }
    this.sequence = sequence;
    this.previous = own;
    this.unreadable = 0;
    return { id, sequence, sha256: own, ...decidedAt(tail) };
  }

  private diagnose(tail: string, own: Hash | undefined): CheckedRecord | undefined {
    const expected = this.sequence + 1;
    const [, id, previous, sha256] = FRAME.exec(tail) ?? [];
    const sequence = id === undefined ? undefined : sequenceOf(id, this.node);
    if (id === undefined || previous === undefined || sha256 === undefined || sequence === undefined) {
      this.fault(
        id === undefined
          ? `the line is no record of format 2; record ${recordId(expected, this.node)} was to stand here`
          : `"${id}" is no record of node "${this.node}": a log belongs to one node`,
        id ?? recordId(expected, this.node),
      );
      this.unreadable += 1;
      return undefined;
    }
    if (own !== sha256) this.fault(`record ${id} was changed: its hash is not that of its content`, id);
    const wereRecords = sequence > expected && sequence <= expected + this.unreadable;
    if (sequence > expected && !wereRecords) {
      const missing =
        sequence - expected === 1
          ? `record ${recordId(expected, this.node)} is`
          : `${sequence - expected} records, ${recordId(expected, this.node)} to ${recordId(sequence - 1, this.node)}, are`;
      this.fault(`${missing} missing before record ${id}`, id);
    } else if (sequence < expected) {
      this.fault(`record ${id} stands here, where ${recordId(expected, this.node)} follows: it was moved or added`, id);
    } else if (!wereRecords && this.previous !== undefined && previous !== this.previous) {
      this.fault(`record ${id} does not follow the one before it: its "previous" is another hash`, id);
    }
    if (sequence !== expected) this.unbroken = false;
    this.unreadable = 0;
    this.sequence = sequence;
    this.previous = sha256;
    return { id, sequence, sha256, ...decidedAt(tail) };
  }
}

/** The hash over a line without its member `sha256`, which is its last one. */
function contentHash(line: Buffer): Hash | undefined {
  const end = line.length - SEAL_BYTES;
  const comma = line[end];
  if (comma === undefined) return undefined;
  line[end] = CLOSING_BRACE;
  const own = hash('sha256', line.subarray(0, end + 1), 'hex');
  line[end] = comma;
  return own;
}

function decidedAt(tail: string): Pick<CheckedRecord, 'revision' | 'search'> {
  const start = tail.lastIndexOf(',"revision":');
  const [, text, number, rest = ''] = start < 0 ? [] : (REVISION.exec(tail.slice(start)) ?? []);
  const revision = text ?? number;
  return { ...(revision === undefined ? undefined : { revision }), search: rest.includes(',"search":"') };
}
