import { toGrowing, toIntegers } from './packed.ts';

/** Lists with up to this many values are scanned; wider ones are hashed. One cache line of integers. */
const NARROW = 16;
const SMALLEST_TABLE = 32;
const EMPTY = -2147483648;

/**
 * Sets of integers, very many and mostly tiny, in one typed array. The owner keeps two integers a set, side by side in
 * an array of its own: `start` and `count`. One value stands in `start` itself; up to 16 lie side by side in the order
 * in which they were put in; wider ones are a hash table, and `start` is its number.
 */
export class Bags {
  private words = new Int32Array(64);
  private used = 0;
  /** By size class, the first free block; each one holds the next. */
  private free = new Int32Array(64).fill(-1);
  /** Two integers a hash table: where its slots begin (-1 for a free number) and how many they are. */
  private tables = new Int32Array(8);
  private tableCount = 0;

  /** How many integers it takes, those free again included. */
  get size(): number {
    return this.used;
  }

  has(heads: Int32Array, at: number, value: number): boolean {
    const count = heads[at + 1] as number;
    if (count === 0) return false;
    const start = heads[at] as number;
    if (count === 1) return start === value;
    if (count > NARROW) return this.words[this.slot(start, value)] === value;
    for (let index = start; index < start + count; index++) if (this.words[index] === value) return true;
    return false;
  }

  isWide(heads: Int32Array, at: number): boolean {
    return (heads[at + 1] as number) > NARROW;
  }

  /** The value at a place of a set that is not wide. */
  at(heads: Int32Array, at: number, place: number): number {
    const start = heads[at] as number;
    return heads[at + 1] === 1 ? start : (this.words[start + place] as number);
  }

  /** All values; in their order, where the set is not wide. */
  values(heads: Int32Array, at: number): number[] {
    const count = heads[at + 1] as number;
    const start = heads[at] as number;
    if (count === 0) return [];
    if (count === 1) return [start];
    if (count <= NARROW) return Array.from(this.words.subarray(start, start + count));
    const from = this.tables[2 * start] as number;
    return Array.from(this.words.subarray(from, from + (this.tables[2 * start + 1] as number)).filter(isTaken));
  }

  /** Puts in a value that is not there; `place` counts where the set is not wide. */
  insert(heads: Int32Array, at: number, value: number, place: number): void {
    const count = heads[at + 1] as number;
    const start = heads[at] as number;
    heads[at + 1] = count + 1;
    if (count === 0) heads[at] = value;
    else if (count < NARROW) heads[at] = this.insertNarrow(start, count, value, place);
    else if (count === NARROW) heads[at] = this.widen(start, value);
    else this.insertWide(start, count, value);
  }

  /** Takes a value out that is there. Values that are left over when a wide set gets narrow are in no order. */
  delete(heads: Int32Array, at: number, value: number): void {
    const count = heads[at + 1] as number;
    const start = heads[at] as number;
    if (count === 1) heads[at] = 0;
    else if (count <= NARROW) heads[at] = this.deleteNarrow(start, count, value);
    else this.deleteWide(heads, at, value);
    heads[at + 1] = count - 1;
  }

  /** Puts the values of a set that is not wide into another order. */
  reorder(heads: Int32Array, at: number, values: readonly number[]): void {
    if (values.length > 1) this.words.set(values, heads[at] as number);
  }

  /** The arrays that `restore` takes. */
  arrays(): readonly Int32Array[] {
    return [this.words.subarray(0, this.used), this.free, this.tables.subarray(0, 2 * this.tableCount)];
  }

  restore([words, free, tables]: readonly Uint8Array[]): void {
    this.used = (words?.length ?? 0) / 4;
    this.words = toGrowing(words);
    this.free = toIntegers(free);
    this.tableCount = (tables?.length ?? 0) / 8;
    this.tables = toGrowing(tables);
  }

  private insertNarrow(start: number, count: number, value: number, place: number): number {
    if (count === 1) {
      const block = this.allocate(2);
      this.words[block + (1 - place)] = start;
      this.words[block + place] = value;
      return block;
    }
    const capacity = capacityFor(count);
    let block = start;
    if (count === capacity) {
      block = this.allocate(capacityFor(count + 1));
      this.words.copyWithin(block, start, start + place);
    }
    this.words.copyWithin(block + place + 1, start + place, start + count);
    this.words[block + place] = value;
    if (block !== start) this.release(start, capacity);
    return block;
  }

  private deleteNarrow(start: number, count: number, value: number): number {
    const place = this.words.indexOf(value, start) - start;
    if (count === 2) {
      const left = this.words[start + 1 - place] as number;
      this.release(start, 2);
      return left;
    }
    this.words.copyWithin(start + place, start + place + 1, start + count);
    const before = capacityFor(count);
    const after = capacityFor(count - 1);
    if (before === after) return start;
    const block = this.allocate(after);
    this.words.copyWithin(block, start, start + count - 1);
    this.release(start, before);
    return block;
  }

  private widen(start: number, value: number): number {
    const table = this.openTable();
    this.tables[2 * table] = this.allocateSlots(SMALLEST_TABLE);
    this.tables[2 * table + 1] = SMALLEST_TABLE;
    for (let index = start; index < start + NARROW; index++) this.occupy(table, this.words[index] as number);
    this.occupy(table, value);
    this.release(start, NARROW);
    return table;
  }

  private insertWide(table: number, count: number, value: number): void {
    const slots = this.tables[2 * table + 1] as number;
    if ((count + 1) * 4 > slots * 3) this.resize(table, slots * 2);
    this.occupy(table, value);
  }

  private deleteWide(heads: Int32Array, at: number, value: number): void {
    const table = heads[at] as number;
    const count = (heads[at + 1] as number) - 1;
    this.vacate(table, this.slot(table, value));
    const slots = this.tables[2 * table + 1] as number;
    if (count === NARROW) {
      const left = this.values(heads, at);
      this.release(this.tables[2 * table] as number, slots);
      this.closeTable(table);
      const block = this.allocate(NARROW);
      this.words.set(left, block);
      heads[at] = block;
    } else if (slots > SMALLEST_TABLE && count * 8 < slots) this.resize(table, slots / 2);
  }

  private resize(table: number, slots: number): void {
    const before = this.tables[2 * table] as number;
    const size = this.tables[2 * table + 1] as number;
    const after = this.allocateSlots(slots);
    this.tables[2 * table] = after;
    this.tables[2 * table + 1] = slots;
    for (let index = before; index < before + size; index++) {
      const value = this.words[index] as number;
      if (value !== EMPTY) this.occupy(table, value);
    }
    this.release(before, size);
  }

  private occupy(table: number, value: number): void {
    this.words[this.slot(table, value)] = value;
  }

  /** Where a value is, or the empty slot where it would be. */
  private slot(table: number, value: number): number {
    const from = this.tables[2 * table] as number;
    const mask = (this.tables[2 * table + 1] as number) - 1;
    let slot = scatter(value) & mask;
    for (;;) {
      const found = this.words[from + slot];
      if (found === value || found === EMPTY) return from + slot;
      slot = (slot + 1) & mask;
    }
  }

  /** Empties a slot and moves up what stands behind it only because it was taken (no tombstones). */
  private vacate(table: number, index: number): void {
    const from = this.tables[2 * table] as number;
    const mask = (this.tables[2 * table + 1] as number) - 1;
    let hole = index - from;
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const value = this.words[from + next] as number;
      if (value === EMPTY) break;
      const distance = (next - (scatter(value) & mask)) & mask;
      if (distance < ((next - hole) & mask)) continue;
      this.words[from + hole] = value;
      hole = next;
    }
    this.words[from + hole] = EMPTY;
  }

  private openTable(): number {
    for (let table = this.tableCount - 1; table >= 0 && table >= this.tableCount - 8; table--) {
      if (this.tables[2 * table] === -1) return table;
    }
    this.tables = grown(this.tables, 2 * this.tableCount + 2);
    return this.tableCount++;
  }

  private closeTable(table: number): void {
    this.tables[2 * table] = -1;
    while (this.tableCount > 0 && this.tables[2 * this.tableCount - 2] === -1) this.tableCount -= 1;
  }

  private allocateSlots(slots: number): number {
    const block = this.allocate(slots);
    this.words.fill(EMPTY, block, block + slots);
    return block;
  }

  private allocate(capacity: number): number {
    const kind = classOf(capacity);
    const block = this.free[kind] as number;
    if (block >= 0) {
      this.free[kind] = this.words[block] as number;
      return block;
    }
    const start = this.used;
    this.used += capacity;
    this.words = grown(this.words, this.used);
    return start;
  }

  private release(block: number, capacity: number): void {
    const kind = classOf(capacity);
    this.words[block] = this.free[kind] as number;
    this.free[kind] = block;
  }
}

/** The array, or a copy with room for `length`: a quarter more at a time, so that little is empty and few are copied. */
export function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const copy = new Int32Array(
    Math.max(length, array.length + (array.length < 65_536 ? array.length : array.length >> 2)),
  );
  copy.set(array);
  return copy;
}

/** 1, 2, 3, 4, 6, 8, 12, 16, 24, …: at most a third of a block is empty. */
function capacityFor(count: number): number {
  if (count <= 4) return count;
  const power = 1 << (31 - Math.clz32(count - 1));
  return count <= power + (power >> 1) ? power + (power >> 1) : power * 2;
}

function classOf(capacity: number): number {
  if (capacity <= 4) return capacity;
  const log = 31 - Math.clz32(capacity);
  return capacity === 1 << log ? 2 * log : 2 * log + 1;
}

/** Spreads consecutive numbers (Fibonacci hashing: 2^32 over the golden ratio). */
function scatter(value: number): number {
  const mixed = Math.imul(value, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function isTaken(value: number): boolean {
  return value !== EMPTY;
}
