import { basename } from 'node:path';
import { type Header, readHeader } from '../records/header.ts';
import { linesFrom } from '../records/lines.ts';
import { GENESIS, recordId } from '../records/record.ts';
import { type SegmentFile, withFile } from '../segments/segment.ts';
import type { Findings } from './findings.ts';
import { type CheckedRecord, RecordChain } from './record-chain.ts';

/** Hears of every record in its turn, and of the bytes that were read. */
export interface Watcher {
  record(record: CheckedRecord, place: { readonly file: string; readonly line: number }): void;
  /** A header, where every record before it was seen: whether its frontier is that of those. */
  agrees(header: Header): boolean;
  read(bytes: number): void;
}

/** Bytes between two calls of `read`. */
const READ_BYTES = 1024 * 1024;

/** Checks the segments of a log, the oldest first, as one chain. */
export class SegmentCheck {
  private readonly findings: Findings;
  private readonly watcher: Watcher;
  private readonly node: string;
  private chain: RecordChain | undefined;
  private place: { file: string; line: number } = { file: '', line: 0 };
  private counted = 0;

  constructor(node: string, watcher: Watcher, findings: Findings) {
    this.node = node;
    this.watcher = watcher;
    this.findings = findings;
  }

  get records(): number {
    return this.counted;
  }

  get unbroken(): boolean {
    return this.chain?.unbroken ?? true;
  }

  /** The sequence and hash of the last record. */
  get last(): { readonly sequence: number; readonly hash: string | undefined } {
    const next = this.chain?.next;
    return next === undefined ? GENESIS : { sequence: next.sequence - 1, hash: next.previous };
  }

  check(segment: SegmentFile, isLast: boolean): void {
    const file = basename(segment.path);
    this.place = { file, line: 0 };
    let pending = 0;
    withFile(segment.path, (fd) => {
      for (const { bytes, complete } of linesFrom(fd, 0, segment.length)) {
        this.place.line += 1;
        pending += bytes.length + 1;
        if (pending >= READ_BYTES) {
          this.watcher.read(pending);
          pending = 0;
        }
        if (!complete) this.unfinished(bytes.length, isLast);
        else if (this.place.line === 1) this.header(bytes, segment);
        else this.record(bytes);
      }
      if (this.place.line === 0) this.unfinished(0, isLast);
    });
    this.watcher.read(pending);
  }

  private record(bytes: Buffer): void {
    const record = this.chain?.check(bytes);
    if (record === undefined) return;
    this.counted += 1;
    this.watcher.record(record, this.place);
  }

  private header(bytes: Buffer, segment: SegmentFile): void {
    const read = readHeader(bytes);
    if (!read.ok) this.fault(read.error);
    else if (read.value.node !== this.node) {
      this.fault(`the segment is of node "${read.value.node}", not "${this.node}": a log belongs to one node`);
    } else if (read.value.after.sequence + 1 !== segment.first) {
      this.fault(`the segment begins with sequence ${read.value.after.sequence + 1}, which is not the one in its name`);
    }
    const header = read.ok && read.value.after.sequence + 1 === segment.first ? read.value : undefined;
    if (this.chain === undefined) this.begin(header, segment);
    else this.goOn(this.chain, header, segment);
  }

  private begin(header: Header | undefined, segment: SegmentFile): void {
    const known = header?.after ?? (segment.first === 1 ? GENESIS : undefined);
    this.chain = new RecordChain(this.node, segment.first - 1, known?.hash, (message, record) =>
      this.fault(message, record),
    );
    if (known === undefined) this.chain.skipTo(segment.first, undefined);
    if (segment.first === 1 && header !== undefined && header.after.hash !== GENESIS.hash) {
      this.fault('its "previous" is a hash, where nothing came before');
    }
  }

  private goOn(chain: RecordChain, header: Header | undefined, segment: SegmentFile): void {
    const { sequence, previous } = chain.next;
    if (segment.first > sequence) {
      const first = recordId(sequence, this.node);
      const last = recordId(segment.first - 1, this.node);
      this.fault(
        `${segment.first - sequence} records, ${first} to ${last}, are missing between this segment and the one before it`,
        first,
      );
    } else if (segment.first < sequence) {
      this.fault(`the segment begins with sequence ${segment.first}, where ${sequence} follows`);
    } else if (header !== undefined && previous !== undefined && header.after.hash !== previous) {
      this.fault('the segment does not follow the one before it: its "previous" is another hash');
    } else if (header !== undefined && chain.unbroken && !this.watcher.agrees(header)) {
      this.fault('its "frontier" is not that of the records before it');
    }
    if (segment.first !== sequence) chain.skipTo(segment.first, header?.after.hash);
  }

  /** What a crash leaves behind at the end of a log stands nowhere else. */
  private unfinished(bytes: number, isLast: boolean): void {
    const what = bytes === 0 ? 'the file is empty' : `the last line is not ended: ${bytes} bytes that are no record`;
    if (!isLast) this.fault(`${what}, though records follow`);
    else {
      const message = `${what}; they were being written when the process died or the log was copied, or were changed since`;
      this.findings.note({ ...this.place, message: bytes === 0 ? what : message });
    }
  }

  private fault(message: string, record?: string): void {
    this.findings.fault({ ...this.place, ...(record === undefined ? undefined : { record }), message });
  }
}
