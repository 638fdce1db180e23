import { grown } from './bags.ts';
import { toGrowing, toIntegers } from './packed.ts';

/** Texts decoded last, by the low bits of their number: the entities of one proof are named several times in it. */
const RECENT = 1024;

/**
 * Texts numbered from 0, each stored once, as bytes: no object a text, and a look-up by text without one either.
 * The bytes are those of each UTF-16 code unit alone, so that their order is the order of `compareText`.
 */
export class Names {
  private bytes = new Uint8Array(256);
  /** Where each text begins; the last entry is where the next one will. */
  private starts = new Int32Array(16);
  private hashes = new Int32Array(16);
  /** Number + 1 of a text, or 0, where its hash points (linear probing). */
  private slots = new Int32Array(32);
  private count = 0;
  private readonly recent: (string | undefined)[] = new Array<string | undefined>(RECENT).fill(undefined);
  private readonly recentNumbers = new Int32Array(RECENT).fill(-1);

  get size(): number {
    return this.count;
  }

  /** The number of a text, or -1. */
  find(text: string): number {
    const hash = hashOf(text);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = (this.slots[slot] as number) - 1;
      if (number < 0) return -1;
      if (this.hashes[number] === hash && this.equals(number, text)) return number;
    }
  }

  /** The number of a text, a new one where it has none. */
  intern(text: string): number {
    const known = this.find(text);
    if (known >= 0) return known;
    const number = this.count++;
    this.append(text, number);
    const hash = hashOf(text);
    this.hashes = grown(this.hashes, this.count);
    this.hashes[number] = hash;
    if (this.count * 3 > this.slots.length * 2) this.rehash(this.slots.length * 2);
    else this.occupy(number, hash);
    return number;
  }

  text(number: number): string {
    const at = number & (RECENT - 1);
    const recent = this.recent[at];
    if (this.recentNumbers[at] === number && recent !== undefined) return recent;
    const text = this.decode(number);
    this.recent[at] = text;
    this.recentNumbers[at] = number;
    return text;
  }

  /** Compares `left` + `leftEnd` with `right` + `rightEnd`; the ends are ASCII. */
  compare(left: number, leftEnd: string, right: number, rightEnd: string): number {
    const leftStart = this.starts[left] as number;
    const rightStart = this.starts[right] as number;
    const leftLength = (this.starts[left + 1] as number) - leftStart;
    const rightLength = (this.starts[right + 1] as number) - rightStart;
    const leftWhole = leftLength + leftEnd.length;
    const rightWhole = rightLength + rightEnd.length;
    const shorter = Math.min(leftWhole, rightWhole);
    for (let at = 0; at < shorter; at++) {
      const a = at < leftLength ? this.bytes[leftStart + at] : leftEnd.charCodeAt(at - leftLength);
      const b = at < rightLength ? this.bytes[rightStart + at] : rightEnd.charCodeAt(at - rightLength);
      if (a !== b) return (a as number) - (b as number);
    }
    return leftWhole - rightWhole;
  }

  /** The arrays that `restore` takes. */
  arrays(): readonly (Int32Array | Uint8Array)[] {
    const end = this.starts[this.count] as number;
    const starts = this.starts.subarray(0, this.count + 1);
    return [this.bytes.subarray(0, end), starts, this.hashes.subarray(0, this.count), this.slots];
  }

  restore(count: number, [bytes = new Uint8Array(), starts, hashes, slots]: readonly Uint8Array[]): void {
    this.count = count;
    this.starts = toGrowing(starts);
    this.hashes = toGrowing(hashes);
    this.slots = toIntegers(slots);
    this.bytes = new Uint8Array(bytes.length + (bytes.length >> 4) + 256);
    this.bytes.set(bytes);
  }

  private equals(number: number, text: string): boolean {
    let at = this.starts[number] as number;
    const end = this.starts[number + 1] as number;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) {
        if (this.bytes[at++] !== unit) return false;
      } else if (unit < 0x800) {
        if (this.bytes[at++] !== (0xc0 | (unit >> 6)) || this.bytes[at++] !== (0x80 | (unit & 0x3f))) return false;
      } else {
        if (this.bytes[at++] !== (0xe0 | (unit >> 12))) return false;
        if (this.bytes[at++] !== (0x80 | ((unit >> 6) & 0x3f)) || this.bytes[at++] !== (0x80 | (unit & 0x3f)))
          return false;
      }
      if (at > end) return false;
    }
    return at === end;
  }

  private append(text: string, number: number): void {
    let at = this.starts[number] as number;
    const needed = at + text.length * 3;
    if (needed > this.bytes.length) {
      const { length } = this.bytes;
      const copy = new Uint8Array(Math.max(needed, length + (length < 262_144 ? length : length >> 2)));
      copy.set(this.bytes);
      this.bytes = copy;
    }
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) this.bytes[at++] = unit;
      else if (unit < 0x800) {
        this.bytes[at++] = 0xc0 | (unit >> 6);
        this.bytes[at++] = 0x80 | (unit & 0x3f);
      } else {
        this.bytes[at++] = 0xe0 | (unit >> 12);
        this.bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
        this.bytes[at++] = 0x80 | (unit & 0x3f);
      }
    }
    this.starts = grown(this.starts, number + 2);
    this.starts[number + 1] = at;
  }

  private decode(number: number): string {
    const units: number[] = [];
    const end = this.starts[number + 1] as number;
    for (let at = this.starts[number] as number; at < end; ) {
      const first = this.bytes[at++] as number;
      if (first < 0x80) units.push(first);
      else if (first < 0xe0) units.push(((first & 0x1f) << 6) | ((this.bytes[at++] as number) & 0x3f));
      else {
        const second = (this.bytes[at++] as number) & 0x3f;
        units.push(((first & 0x0f) << 12) | (second << 6) | ((this.bytes[at++] as number) & 0x3f));
      }
    }
    return String.fromCharCode(...units);
  }

  private rehash(size: number): void {
    this.slots = new Int32Array(size);
    for (let number = 0; number < this.count; number++) this.occupy(number, this.hashes[number] as number);
  }

  private occupy(number: number, hash: number): void {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = number + 1;
  }
}

/** FNV-1a over code units, then mixed, so that the low bits depend on all of them. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
