import { crc32 } from 'node:zlib';
import { ByteWriter } from './bytes.ts';
import { FIELDS, type Field } from './fields.ts';
import type { MemoryIndex } from './memory-index.ts';

/** The format of index files. Another one is not read: the index is made again from the records. */
export const INDEX_FORMAT = 1;
/** Bytes that the first line has at most. */
export const HEADER_BYTES = 4096;
export const MAGIC = 'behalf-index';

/** Values of one block: what is read and checked to find one of them. */
const BLOCK_VALUES = 64;
/** A block ends as well once it has so many bytes, so that a rare value is not read with a frequent one. */
const BLOCK_BYTES = 16 * 1024;
/** Between two turns so much is written: some milliseconds. */
const TURN_BYTES = 64 * 1024;

/** Where a section lies behind the first line, its bytes, and their CRC-32. */
export type Section = readonly [offset: number, bytes: number, crc32: number];

/** The first line of an index file, after `behalf-index <CRC-32 of the rest, 8 hexadecimal digits> `. */
export interface IndexHeader {
  readonly format: number;
  /** The segment that it was made from: its first sequence, its bytes and the hash of its last record. */
  readonly first: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly count: number;
  readonly earliest: number;
  readonly latest: number;
  /** The time of each record: differences to the one before, signed varints. */
  readonly times: Section;
  /** Pairs of varints: differences of ordinals, and of the offsets of their lines. */
  readonly places: Section;
  /** Of each field the list of its blocks (the first value, varint bytes, CRC-32); the blocks follow right after it. */
  readonly fields: { readonly [field in Field]: Section };
}

/**
 * The bytes of an index file, made in turns: it yields after a few milliseconds of work.
 *
 * A block holds up to 64 values in order: their number, then for each how many UTF-16 units it shares with the one before,
 * the rest of it, and twice the bytes of its postings, plus 1 where they are a bitmap; then the postings. These are the
 * differences of ordinals as varints, or a bitmap of all records (bit n of byte n / 8) where that is shorter.
 */
export function* encodeIndex(
  index: MemoryIndex,
  segment: Pick<IndexHeader, 'bytes' | 'sha256'>,
): Generator<void, readonly Buffer[]> {
  const body = new ByteWriter();
  const sections = {} as { [field in Field]: Section };
  for (const field of FIELDS) sections[field] = yield* writeField(index, field, body);
  const times = writeSection(body, timesOf(index));
  const places = writeSection(body, placesOf(index));
  const { first, count, earliest, latest } = index;
  const header: IndexHeader = {
    format: INDEX_FORMAT,
    first,
    ...segment,
    count,
    earliest,
    latest,
    times,
    places,
    fields: sections,
  };
  const text = JSON.stringify(header);
  return [Buffer.from(`${MAGIC} ${crc32(text).toString(16).padStart(8, '0')} ${text}\n`), body.written];
}

function* writeField(index: MemoryIndex, field: Field, body: ByteWriter): Generator<void, Section> {
  const values = index.valuesOf(field);
  const list = new ByteWriter();
  const blocks = new ByteWriter();
  const block = new BlockWriter(index.count);
  let turn = 0;
  const end = (): void => {
    const bytes = block.take();
    list.text(block.first);
    list.varint(bytes.length);
    list.uint32(crc32(bytes));
    blocks.bytes(bytes);
  };
  for (const value of [...values.keys()].sort()) {
    block.add(value, values.get(value) ?? []);
    if (block.isFull) end();
    if (blocks.length - turn >= TURN_BYTES) {
      turn = blocks.length;
      yield;
    }
  }
  if (!block.isEmpty) end();
  const section = writeSection(body, list.written);
  body.bytes(blocks.written);
  yield;
  return section;
}

/** One block after the other. */
class BlockWriter {
  /** The first value of the block that was taken last. */
  first = '';
  private readonly records: number;
  private readonly entries = new ByteWriter();
  private readonly postings = new ByteWriter();
  private readonly values: string[] = [];

  constructor(records: number) {
    this.records = records;
  }

  get isEmpty(): boolean {
    return this.values.length === 0;
  }

  get isFull(): boolean {
    return this.values.length >= BLOCK_VALUES || this.postings.length >= BLOCK_BYTES;
  }

  add(value: string, ordinals: readonly number[]): void {
    const shared = sharedUnits(this.values.at(-1) ?? '', value);
    this.values.push(value);
    this.entries.varint(shared);
    this.entries.text(value.slice(shared));
    const before = this.postings.length;
    const isBitmap = this.writePostings(ordinals);
    this.entries.varint(2 * (this.postings.length - before) + (isBitmap ? 1 : 0));
  }

  take(): Buffer {
    const head = new ByteWriter();
    head.varint(this.values.length);
    const bytes = Buffer.concat([head.written, this.entries.written, this.postings.written]);
    this.first = this.values[0] ?? '';
    this.values.length = 0;
    this.entries.length = 0;
    this.postings.length = 0;
    return bytes;
  }

  private writePostings(ordinals: readonly number[]): boolean {
    const bitmapBytes = Math.ceil(this.records / 8);
    if (ordinals.length <= bitmapBytes) {
      let before = 0;
      const start = this.postings.length;
      for (const ordinal of ordinals) {
        this.postings.varint(ordinal - before);
        before = ordinal;
      }
      if (this.postings.length - start <= bitmapBytes) return false;
      this.postings.length = start;
    }
    const bitmap = new Uint8Array(bitmapBytes);
    for (const ordinal of ordinals) bitmap[ordinal >>> 3] = (bitmap[ordinal >>> 3] ?? 0) | (1 << (ordinal & 7));
    this.postings.bytes(bitmap);
    return true;
  }
}

/** UTF-16 units at the beginning of both, never half of a character: the rest is written as UTF-8. */
function sharedUnits(one: string, other: string): number {
  let shared = 0;
  while (shared < one.length && shared < other.length && one.charCodeAt(shared) === other.charCodeAt(shared)) {
    shared += 1;
  }
  const isHalf = shared > 0 && (one.charCodeAt(shared - 1) & 0xfc00) === 0xd800;
  return isHalf ? shared - 1 : shared;
}

function writeSection(body: ByteWriter, bytes: Buffer): Section {
  const offset = body.length;
  body.bytes(bytes);
  return [offset, bytes.length, crc32(bytes)];
}

function timesOf(index: MemoryIndex): Buffer {
  const times = index.times();
  const writer = new ByteWriter();
  let before = 0;
  for (let ordinal = 0; ordinal < index.count; ordinal += 1) {
    const at = times[ordinal] ?? before;
    writer.signed(at - before);
    before = at;
  }
  return writer.written;
}

function placesOf(index: MemoryIndex): Buffer {
  const { ordinals, offsets } = index.places();
  const writer = new ByteWriter();
  let [ordinal, offset] = [0, 0];
  for (let place = 0; place < ordinals.length; place += 1) {
    writer.varint((ordinals[place] ?? 0) - ordinal);
    writer.varint((offsets[place] ?? 0) - offset);
    ordinal = ordinals[place] ?? 0;
    offset = offsets[place] ?? 0;
  }
  return writer.written;
}
