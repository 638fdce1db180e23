import type { Bitset } from './bitset.ts';
import type { Facts } from './facts.ts';
import { FIELDS, type Field, valuesOf } from './fields.ts';
import type { Places, Postings, SegmentIndex, Term } from './segment-index.ts';

/** Records of which the place is kept: one of so many. */
const PLACE_RECORDS = 16;

/** The index of a segment while records come: in memory, complete up to the last one that was added. */
export class MemoryIndex implements SegmentIndex {
  /** Of the segment: the sequence of the record with ordinal 0. */
  readonly first: number;
  readonly readBytes = 0;
  earliest = Number.POSITIVE_INFINITY;
  latest = Number.NEGATIVE_INFINITY;
  private readonly ats: number[] = [];
  private readonly fields: readonly { readonly field: Field; readonly ordinals: Map<string, number[]> }[];
  private readonly marked: { readonly ordinals: number[]; readonly offsets: number[] } = { ordinals: [], offsets: [] };

  constructor(first: number) {
    this.first = first;
    this.fields = FIELDS.map((field) => ({ field, ordinals: new Map() }));
  }

  get count(): number {
    return this.ats.length;
  }

  /** Takes the next record. */
  add(facts: Facts): void {
    const ordinal = this.ats.length;
    const at = Math.floor(facts.at);
    this.ats.push(at);
    this.earliest = Math.min(this.earliest, at);
    this.latest = Math.max(this.latest, at);
    for (const { field, ordinals } of this.fields) {
      const values = valuesOf(field, facts);
      if (typeof values === 'string') addOrdinal(ordinals, values, ordinal);
      else for (const value of values) addOrdinal(ordinals, value, ordinal);
    }
  }

  /** The line of the record with `ordinal` begins at `offset`; told in their order. */
  mark(ordinal: number, offset: number): void {
    const { ordinals, offsets } = this.marked;
    if (ordinal < (ordinals.at(-1) ?? -PLACE_RECORDS) + PLACE_RECORDS) return;
    ordinals.push(ordinal);
    offsets.push(offset);
  }

  postings(field: Field, value: string): Postings | undefined {
    const ordinals = this.valuesOf(field).get(value);
    return ordinals === undefined ? undefined : new OrdinalList(ordinals);
  }

  *terms(field: Field, prefix = ''): Generator<Term> {
    const values = this.valuesOf(field);
    for (const value of [...values.keys()].filter((one) => one.startsWith(prefix)).sort()) {
      yield { value, postings: new OrdinalList(values.get(value) ?? []) };
    }
  }

  /** The ordinals with each value of a field, ascending; as they stand, not in the order of the values. */
  valuesOf(field: Field): ReadonlyMap<string, readonly number[]> {
    return this.fields.find((one) => one.field === field)?.ordinals ?? new Map();
  }

  times(): ArrayLike<number> {
    return this.ats;
  }

  places(): Places {
    return this.marked;
  }
}

function addOrdinal(ordinals: Map<string, number[]>, value: string, ordinal: number): void {
  const list = ordinals.get(value);
  if (list === undefined) ordinals.set(value, [ordinal]);
  // A record that names a value twice has it once.
  else if (list.at(-1) !== ordinal) list.push(ordinal);
}

class OrdinalList implements Postings {
  private readonly ordinals: readonly number[];

  constructor(ordinals: readonly number[]) {
    this.ordinals = ordinals;
  }

  addTo(records: Bitset): void {
    for (const ordinal of this.ordinals) records.add(ordinal);
  }

  countIn(records: Bitset): number {
    let count = 0;
    for (const ordinal of this.ordinals) if (records.has(ordinal)) count += 1;
    return count;
  }
}
