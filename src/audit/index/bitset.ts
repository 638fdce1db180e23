const WORD_BITS = 32;

/** A set of the numbers 0 to `size` - 1. */
export class Bitset {
  readonly size: number;
  readonly words: Uint32Array;

  constructor(size: number) {
    this.size = size;
    this.words = new Uint32Array(Math.ceil(size / WORD_BITS));
  }

  add(number: number): void {
    const word = number >>> 5;
    this.words[word] = (this.words[word] ?? 0) | (1 << (number & 31));
  }

  remove(number: number): void {
    const word = number >>> 5;
    this.words[word] = (this.words[word] ?? 0) & ~(1 << (number & 31));
  }

  has(number: number): boolean {
    return (((this.words[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  /** Keeps what is in `other` too. */
  intersect(other: Bitset): void {
    const { words } = this;
    for (let index = 0; index < words.length; index += 1) {
      words[index] = (words[index] ?? 0) & (other.words[index] ?? 0);
    }
  }

  get isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  /** How many there are. */
  get count(): number {
    let sum = 0;
    for (const word of this.words) sum += bitsIn(word);
    return sum;
  }

  /** Those below `end`, the greatest first. */
  *downFrom(end: number): Generator<number> {
    for (let word = Math.min(this.words.length, Math.ceil(end / WORD_BITS)) - 1; word >= 0; word -= 1) {
      for (let bits = this.words[word] ?? 0; bits !== 0; ) {
        const bit = 31 - Math.clz32(bits);
        bits &= ~(1 << bit);
        const number = word * WORD_BITS + bit;
        if (number < end) yield number;
      }
    }
  }

  /** Those from `begin` on, the least first. */
  *upFrom(begin: number): Generator<number> {
    for (let word = begin >>> 5; word < this.words.length; word += 1) {
      for (let bits = this.words[word] ?? 0; bits !== 0; ) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const number = word * WORD_BITS + bit;
        if (number >= begin) yield number;
      }
    }
  }
}

/** How many bits of a 32-bit word are set. */
export function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
