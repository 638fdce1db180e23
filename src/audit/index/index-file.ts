import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { withFile } from '../segments/segment.ts';
import { type Bitset, bitsIn } from './bitset.ts';
import { ByteReader } from './bytes.ts';
import { HEADER_BYTES, INDEX_FORMAT, type IndexHeader, MAGIC, type Section } from './encode-index.ts';
import type { Field } from './fields.ts';
import type { Places, Postings, SegmentIndex, Term } from './segment-index.ts';

/** An index file that cannot be used: it was cut off or changed, is of another version, or of another segment. */
export class IndexFault extends Error {
  override readonly name = 'IndexFault';
}

/** Values of how many blocks are read at once where all are. */
const READ_BLOCKS = 64;

interface Block {
  readonly first: string;
  readonly offset: number;
  readonly bytes: number;
  readonly crc: number;
}

/**
 * The index of a segment in a file (see `encodeIndex`). What is needed is read when it is, and checked by its CRC-32; the
 * lists of blocks, times and places are kept.
 *
 * @throws IndexFault from everything here where the file cannot be used
 */
export class IndexFile implements SegmentIndex {
  readonly header: IndexHeader;
  private readonly path: string;
  private readonly bodyStart: number;
  private readonly lists = new Map<Field, readonly Block[]>();
  private kept: { times?: Float64Array; places?: Places } = {};
  /** Bytes in memory, roughly, and bytes that were read from the file until now. */
  heldBytes = HEADER_BYTES;
  readBytes = HEADER_BYTES;

  constructor(path: string) {
    this.path = path;
    const start = this.read(0, HEADER_BYTES, true);
    const end = start.indexOf('\n');
    const [magic, crc, text] = split(start.toString('utf8', 0, Math.max(0, end)));
    if (magic !== MAGIC || text === undefined || crc !== crc32(text).toString(16).padStart(8, '0')) {
      throw new IndexFault(`${path}: its first line was changed`);
    }
    const header = JSON.parse(text) as IndexHeader;
    if (header.format !== INDEX_FORMAT) throw new IndexFault(`${path}: has format ${header.format}`);
    this.header = header;
    this.bodyStart = end + 1;
  }

  get count(): number {
    return this.header.count;
  }

  get earliest(): number {
    return this.header.earliest;
  }

  get latest(): number {
    return this.header.latest;
  }

  postings(field: Field, value: string): Postings | undefined {
    const blocks = this.blocksOf(field);
    const block = blocks[firstAfter(blocks, value) - 1];
    if (block === undefined) return undefined;
    for (const term of this.termsIn(block, this.read(this.bodyStart + block.offset, block.bytes))) {
      if (term.value === value) return term.postings;
    }
    return undefined;
  }

  *terms(field: Field, prefix = ''): Generator<Term> {
    const blocks = this.blocksOf(field);
    for (let at = Math.max(0, firstAfter(blocks, prefix) - 1); at < blocks.length; at += READ_BLOCKS) {
      const some = blocks.slice(at, at + READ_BLOCKS);
      const [first, last] = [some[0], some.at(-1)];
      if (first === undefined || last === undefined) return;
      if (first.first > prefix && !first.first.startsWith(prefix)) return;
      const bytes = this.read(this.bodyStart + first.offset, last.offset + last.bytes - first.offset);
      for (const block of some) {
        const from = block.offset - first.offset;
        for (const term of this.termsIn(block, bytes.subarray(from, from + block.bytes))) {
          if (term.value.startsWith(prefix)) yield term;
          else if (term.value > prefix) return;
        }
      }
    }
  }

  times(): ArrayLike<number> {
    this.kept.times ??= this.readTimes();
    return this.kept.times;
  }

  places(): Places {
    this.kept.places ??= this.readPlaces();
    return this.kept.places;
  }

  private readTimes(): Float64Array {
    const reader = new ByteReader(this.section(this.header.times));
    const times = new Float64Array(this.count);
    let at = 0;
    for (let ordinal = 0; ordinal < times.length; ordinal += 1) {
      at += this.guarded(() => reader.signed());
      times[ordinal] = at;
    }
    this.heldBytes += times.byteLength;
    return times;
  }

  private readPlaces(): Places {
    const reader = new ByteReader(this.section(this.header.places));
    const ordinals: number[] = [];
    const offsets: number[] = [];
    let [ordinal, offset] = [0, 0];
    while (!reader.isAtEnd) {
      ordinal += this.guarded(() => reader.varint());
      offset += this.guarded(() => reader.varint());
      ordinals.push(ordinal);
      offsets.push(offset);
    }
    this.heldBytes += 16 * ordinals.length;
    return { ordinals, offsets };
  }

  private blocksOf(field: Field): readonly Block[] {
    let blocks = this.lists.get(field);
    if (blocks === undefined) {
      blocks = this.readBlocks(this.header.fields[field]);
      this.lists.set(field, blocks);
      this.heldBytes += blocks.reduce((sum, { first }) => sum + 2 * first.length + 64, 0);
    }
    return blocks;
  }

  private readBlocks(section: Section): readonly Block[] {
    const reader = new ByteReader(this.section(section));
    const blocks: Block[] = [];
    let offset = section[0] + section[1];
    while (!reader.isAtEnd) {
      const block = this.guarded(() => ({
        first: reader.text(),
        offset,
        bytes: reader.varint(),
        crc: reader.uint32(),
      }));
      blocks.push(block);
      offset += block.bytes;
    }
    return blocks;
  }

  private *termsIn(block: Block, bytes: Buffer): Generator<Term> {
    this.check(bytes, block.crc);
    const { count } = this;
    yield* this.guarded(() => {
      const reader = new ByteReader(bytes);
      const entries: { readonly value: string; readonly size: number }[] = [];
      let value = '';
      for (let left = reader.varint(); left > 0; left -= 1) {
        value = value.slice(0, reader.varint()) + reader.text();
        entries.push({ value, size: reader.varint() });
      }
      return entries.map((entry) => {
        const postings = reader.bytes(Math.floor(entry.size / 2));
        return {
          value: entry.value,
          postings: entry.size % 2 === 1 ? new Bitmap(postings) : new Deltas(postings, count),
        };
      });
    });
  }

  private section([offset, bytes, crc]: Section): Buffer {
    const read = this.read(this.bodyStart + offset, bytes);
    this.check(read, crc);
    return read;
  }

  private check(bytes: Buffer, crc: number): void {
    if (crc32(bytes) !== crc) throw new IndexFault(`${this.path}: was changed or cut off`);
  }

  private read(position: number, length: number, mayEnd = false): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    withFile(this.path, (fd) => {
      while (filled < length) {
        const count = readSync(fd, buffer, filled, length - filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
    });
    this.readBytes += filled;
    if (filled < length && !mayEnd) throw new IndexFault(`${this.path}: was cut off`);
    return buffer.subarray(0, filled);
  }

  /** What does not add up although the checksum is right was written by something else. */
  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (fault) {
      throw new IndexFault(`${this.path}: ${fault instanceof Error ? fault.message : String(fault)}`, { cause: fault });
    }
  }
}

function split(line: string): readonly (string | undefined)[] {
  const [, magic, crc, text] = /^(\S+) ([0-9a-f]{8}) (.*)$/.exec(line) ?? [];
  return [magic, crc, text];
}

/** The index of the first block whose first value is behind `value`. */
function firstAfter(blocks: readonly Block[], value: string): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((blocks[middle]?.first ?? '') <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Postings as differences of ordinals. */
class Deltas implements Postings {
  private readonly bytes: Buffer;
  private readonly records: number;

  constructor(bytes: Buffer, records: number) {
    this.bytes = bytes;
    this.records = records;
  }

  addTo(records: Bitset): void {
    this.each((ordinal) => records.add(ordinal));
  }

  countIn(records: Bitset): number {
    let count = 0;
    this.each((ordinal) => {
      if (records.has(ordinal)) count += 1;
    });
    return count;
  }

  private each(visit: (ordinal: number) => void): void {
    const reader = new ByteReader(this.bytes);
    let ordinal = 0;
    while (!reader.isAtEnd) {
      ordinal += reader.varint();
      if (ordinal < this.records) visit(ordinal);
    }
  }
}

/** Postings as a bitmap. */
class Bitmap implements Postings {
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  addTo({ words }: Bitset): void {
    for (let word = 0; word < words.length; word += 1) words[word] = (words[word] ?? 0) | this.word(word);
  }

  countIn(records: Bitset): number {
    let count = 0;
    for (let word = 0; word < records.words.length; word += 1) {
      count += bitsIn((records.words[word] ?? 0) & this.word(word));
    }
    return count;
  }

  private word(word: number): number {
    const { bytes } = this;
    const at = 4 * word;
    if (at + 4 <= bytes.length) return bytes.readInt32LE(at);
    return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  }
}
