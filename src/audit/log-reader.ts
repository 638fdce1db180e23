import type { Step } from '../core/path/trace.ts';
import { err, ok, type Result } from '../core/result.ts';
import { factsOf } from './index/facts.ts';
import type { Indexes } from './index/indexes.ts';
import { PlacedLines } from './index/placed-lines.ts';
import type { Places } from './index/segment-index.ts';
import { type Summary, type SummaryOptions, summarize } from './index/summarize.ts';
import { type Order, type Range, type Visit, visitRecords } from './index/visit-records.ts';
import { type DecisionFilter, type DecisionPage, LogError, type PageRequest, type StoredDecision } from './log.ts';
import { FORMAT } from './records/entry.ts';
import { conditionsOf, matches } from './records/filter.ts';
import { decodeEntry, fullStepsOf } from './records/read-entry.ts';
import { openRecord, readFrame, recordId, sequenceOf } from './records/record.ts';
import { findLine, type Segment, withFile } from './segments/segment.ts';

/** The records that a reader reads. */
export interface Readable {
  readonly node: string;
  /** Oldest first, as they are at any time. */
  readonly segments: readonly Segment[];
  /** Sequence of the last record on disk. */
  readonly last: number;
}

/**
 * What one `list` may do, in bytes that are looked through: some ten milliseconds, in which no decision is answered. Taking
 * a record apart takes as long as looking through so many times its bytes.
 */
const LIST_BYTES = 8 * 1024 * 1024;
const DECODE_FACTOR = 16;
/** Finding a step of its path in another record takes as long as looking through so many. */
const STEP_BYTES = 16 * 1024;
/** Steps of how many records one call of `get` or `list` keeps, so that it need not read them again. */
const KEPT_RECORDS = 1000;

/** Reads the records of a log: one by its id, or those that a filter finds. Everything throws as `DecisionLog` says. */
export class LogReader {
  private readonly log: Readable;
  private readonly indexes: Indexes;

  constructor(log: Readable, indexes: Indexes) {
    this.log = log;
    this.indexes = indexes;
  }

  has(id: string): boolean {
    const sequence = sequenceOf(id, this.log.node);
    return sequence !== undefined && sequence <= this.log.last;
  }

  get(id: string): StoredDecision | undefined {
    const sequence = sequenceOf(id, this.log.node);
    const segment = sequence === undefined ? undefined : this.segmentOf(sequence);
    return sequence === undefined || segment === undefined ? undefined : this.at(segment, sequence, new Map());
  }

  list(filter: DecisionFilter, { limit, order = 'newest', before, after }: PageRequest): DecisionPage {
    const { last, node } = this.log;
    const range = {
      low: after === undefined ? 1 : this.place(after) + 1,
      high: before === undefined ? last + 1 : this.place(before),
    };
    const conditions = conditionsOf(filter);
    const records: StoredDecision[] = [];
    const known: KnownSteps = new Map();
    let bytes = 0;
    let passed = order === 'newest' ? range.high : range.low - 1;
    for (const [visit, segment] of this.visits(range, order, (one, within) =>
      visitRecords(one, within, order, conditions, this.indexes),
    )) {
      if (bytes >= LIST_BYTES || (records.length >= limit && visit.line !== undefined)) {
        return { records, next: recordId(passed, node) };
      }
      bytes += visit.bytesRead;
      if (visit.line !== undefined) {
        const before = known.size;
        const record = this.visited(visit.line, visit.sequence, segment, known);
        bytes += DECODE_FACTOR * visit.line.length + STEP_BYTES * Math.max(0, known.size - before);
        if (record !== undefined && matches(factsOf(record), conditions)) records.push(record);
      }
      passed = visit.sequence;
    }
    return { records };
  }

  /** @param nextTurn resolves when there is time for some more milliseconds of work */
  summarize(filter: DecisionFilter, options: SummaryOptions, nextTurn: () => Promise<void>): Promise<Summary> {
    const high = options.before === undefined ? this.log.last + 1 : this.place(options.before);
    return summarize(this.log, conditionsOf(filter), { ...options, high }, this.indexes, nextTurn);
  }

  private place(id: string): number {
    const sequence = sequenceOf(id, this.log.node);
    if (sequence === undefined) throw new LogError(`"${id.slice(0, 128)}" is not the id of a record of this log`);
    return sequence;
  }

  /** The visits to the segments of a range, one after the other. */
  private *visits(
    { low, high }: Range,
    order: Order,
    visit: (segment: Segment, range: Range) => Iterable<Visit>,
  ): Generator<[Visit, Segment]> {
    const segments = [...this.log.segments];
    const ends = segments.map((_, index) => segments[index + 1]?.first ?? this.log.last + 1);
    const places = segments.map((segment, index) => ({ segment, end: ends[index] ?? 0 }));
    for (const { segment, end } of order === 'newest' ? places.reverse() : places) {
      const range = { low: Math.max(low, segment.first), high: Math.min(high, end) };
      if (range.low >= range.high) continue;
      for (const one of visit(segment, range)) yield [one, segment];
    }
  }

  /** The record of a line; where an index led to another record than it said, the one that was meant. */
  private visited(line: Buffer, sequence: number, segment: Segment, known: KnownSteps): StoredDecision | undefined {
    const frame = readFrame(line);
    if (frame.ok && frame.value.sequence === sequence) return this.decode(line, segment, known);
    this.indexes.lost(segment);
    return this.at(segment, sequence, known);
  }

  private segmentOf(sequence: number): Segment | undefined {
    return this.log.segments.findLast((segment) => segment.first <= sequence);
  }

  private at(segment: Segment, sequence: number, known: KnownSteps): StoredDecision | undefined {
    const line = this.lineOf(segment, sequence);
    return line && this.decode(line, segment, known);
  }

  private decode(line: Buffer, segment: Segment, known: KnownSteps): StoredDecision {
    const opened = openRecord(line);
    if (!opened.ok) throw new LogError(`${segment.path}: ${opened.error}`);
    const { id, node, sequence, previous, hash, entry } = opened.value;
    const read = decodeEntry(entry.toString(), sequence, (place, index) => this.stepAt(segment, place, index, known));
    if (!read.ok) throw new LogError(`${segment.path}: record ${id}: ${read.error}`);
    return { ...read.value, format: FORMAT, id, node, sequence, previous, hash };
  }

  private stepAt(segment: Segment, sequence: number, index: number, known: KnownSteps): Result<Step, string> {
    let steps = known.get(sequence);
    if (steps === undefined) {
      const line = sequence < segment.first ? undefined : this.lineOf(segment, sequence);
      const opened = line === undefined ? err('means a record that is not in its segment') : openRecord(line);
      if (!opened.ok) return opened;
      steps = fullStepsOf(opened.value.entry.toString());
      if (known.size >= KEPT_RECORDS) known.clear();
      known.set(sequence, steps);
    }
    const step = steps[index];
    return step === undefined ? err('means a step that its record does not have') : ok(step);
  }

  /** By its place in the index, where there is one; else by halving. */
  private lineOf(segment: Segment, sequence: number): Buffer | undefined {
    const places = this.placesOf(segment);
    return withFile(segment.path, (fd) => {
      const placed = places && new PlacedLines(fd, segment, places).at(sequence - segment.first);
      const frame = placed && readFrame(placed);
      if (frame?.ok === true && frame.value.sequence === sequence) return placed;
      return findLine(fd, segment, sequence)?.bytes;
    });
  }

  private placesOf(segment: Segment): Places | undefined {
    try {
      return this.indexes.of(segment)?.places();
    } catch {
      this.indexes.lost(segment);
      return undefined;
    }
  }
}

/** The steps that stand in full in a record, by its sequence: unique in the log. */
type KnownSteps = Map<number, readonly Step[]>;
