const FIRST_BYTES = 1024;
/** Bytes of the longest varint of a safe integer: 53 bits in sevens. */
const VARINT_BYTES = 8;

/** Bytes that are written one after the other. Varints are little-endian base 128 (LEB128), of safe integers from 0. */
export class ByteWriter {
  length = 0;
  private buffer = Buffer.allocUnsafe(FIRST_BYTES);

  varint(value: number): void {
    this.room(VARINT_BYTES);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
  }

  /** A number that may be negative: 0, -1, 1, -2, … as 0, 1, 2, 3, … */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  uint32(value: number): void {
    this.room(4);
    this.length = this.buffer.writeUInt32LE(value, this.length);
  }

  /** Its length, then UTF-8. */
  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.room(length);
    this.length += this.buffer.write(value, this.length);
  }

  bytes(value: Uint8Array): void {
    this.room(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** What was written; valid until more is. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private room(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.length + count));
    larger.set(this.written);
    this.buffer = larger;
  }
}

/** Reads what a `ByteWriter` wrote. */
export class ByteReader {
  position = 0;
  private readonly buffer: Buffer;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  get isAtEnd(): boolean {
    return this.position >= this.buffer.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.buffer[this.position++];
      if (byte === undefined) throw new RangeError('the bytes end within a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  uint32(): number {
    const value = this.buffer.readUInt32LE(this.position);
    this.position += 4;
    return value;
  }

  text(): string {
    return this.bytes(this.varint()).toString();
  }

  bytes(length: number): Buffer {
    if (this.position + length > this.buffer.length) throw new RangeError('the bytes end within a value');
    this.position += length;
    return this.buffer.subarray(this.position - length, this.position);
  }
}
