/** Says what it is, and in which order the machine that wrote it keeps the bytes of a number; the last digit is the format. */
const MARK = 0x52656c32;
const MARK_INTEGERS = 2;
const ALIGNMENT = 4;

/** What a graph is made of: arrays as they stand in memory, and a little beside them as JSON. */
export interface Unpacked<T> {
  readonly head: T;
  readonly arrays: readonly Uint8Array[];
}

/** The bytes of a graph, in parts to be written one behind the other. The arrays are not copied. */
export function pack(head: unknown, arrays: readonly (Int32Array | Uint8Array)[]): readonly Uint8Array[] {
  const parts = arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  const json = new TextEncoder().encode(JSON.stringify({ head, lengths: parts.map(({ length }) => length) }));
  const start = new Int32Array([MARK, json.length]);
  const padded = [new Uint8Array(start.buffer), json, ...parts].map((part) => [part, padding(part.length)]);
  return padded.flat().filter(({ length }) => length > 0);
}

/** What `pack` made these bytes of, or undefined where they are not its (another format, another machine's order). */
export function unpack<T>(bytes: Uint8Array): Unpacked<T> | undefined {
  const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : new Uint8Array(bytes);
  if (aligned.length < MARK_INTEGERS * ALIGNMENT) return undefined;
  const [mark, jsonLength = 0] = new Int32Array(aligned.buffer, aligned.byteOffset, MARK_INTEGERS);
  if (mark !== MARK) return undefined;
  let at = MARK_INTEGERS * ALIGNMENT;
  const take = (length: number): Uint8Array => {
    const part = aligned.subarray(at, at + length);
    at += length + padding(length).length;
    return part;
  };
  const { head, lengths } = JSON.parse(new TextDecoder().decode(take(jsonLength))) as { head: T; lengths: number[] };
  const arrays = lengths.map(take);
  return at === aligned.length ? { head, arrays } : undefined;
}

/** The integers of an unpacked array in an array of their own. */
export function toIntegers(bytes: Uint8Array = new Uint8Array(), room = 0): Int32Array<ArrayBuffer> {
  const length = bytes.length / ALIGNMENT;
  const integers = new Int32Array(length + room);
  integers.set(new Int32Array(bytes.buffer, bytes.byteOffset, length));
  return integers;
}

/** The same with room for a few more, so that the first change need not copy them again. */
export function toGrowing(bytes: Uint8Array = new Uint8Array()): Int32Array<ArrayBuffer> {
  return toIntegers(bytes, (bytes.length >> 6) + 64);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}
