import { existsSync } from 'node:fs';
import type { DecisionEntry } from '../log.ts';
import type { Segment } from '../segments/segment.ts';
import { buildIndex } from './build-index.ts';
import { factsOf } from './facts.ts';
import { IndexFiles, indexPath, writeIndex } from './index-files.ts';
import type { Indexes } from './indexes.ts';
import { MemoryIndex } from './memory-index.ts';
import type { SegmentIndex } from './segment-index.ts';

/** Milliseconds of one turn, in which nothing else happens, and between two. */
const TURN_MS = 4;
const PAUSE_MS = 12;
/** Indexes of closed segments that wait in memory to be written. */
const WAITING = 2;

/**
 * Keeps the indexes of a node's own log: that of the segment that is written to in memory, the others in files. What is
 * missing, after a start or because it was damaged, is made from the records in turns between everything else; until
 * then those records are found by looking at all of them.
 */
export class IndexKeeper implements Indexes {
  private readonly segments: readonly Segment[];
  private readonly files = new IndexFiles();
  /** Of the newest segment. Absent while it is made from the records that are there. */
  private open: MemoryIndex | undefined;
  /** As far as it is made. */
  private unfinished: MemoryIndex | undefined;
  /** By their first sequence, as all that follows. */
  private newest: number;
  private readonly waiting = new Map<number, MemoryIndex>();
  private readonly missing: number[];
  /** Segments of which no index can be made. */
  private readonly unreadable = new Set<number>();
  private work: Iterator<unknown, void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param segments of the log, as they are at any time: the last one is written to */
  constructor(segments: readonly Segment[]) {
    this.segments = segments;
    this.newest = this.current?.first ?? 0;
    this.missing = segments
      .slice(0, -1)
      .filter((segment) => !existsSync(indexPath(segment)))
      .map(({ first }) => first);
    if (this.current?.length === this.current?.start) this.openEmpty();
    this.schedule();
  }

  of(segment: Segment): SegmentIndex | undefined {
    if (segment.first === this.newest) return this.open ?? this.unfinished;
    const waiting = this.waiting.get(segment.first);
    if (waiting !== undefined) return waiting;
    try {
      const file = this.files.of(segment);
      if (file === undefined) this.miss(segment.first);
      return file;
    } catch {
      this.lost(segment);
      return undefined;
    }
  }

  lost(segment: Segment): void {
    this.files.forget(segment);
    if (segment.first === this.newest) this.open = undefined;
    else this.miss(segment.first);
    this.schedule();
  }

  /** A record is on disk. Told in their order. */
  added(sequence: number, entry: DecisionEntry): void {
    const { open } = this;
    const next = open === undefined ? undefined : open.first + open.count;
    if (sequence === next) open?.add(factsOf(entry));
    else if (next !== undefined && sequence > next) {
      // A write that was given up got through after all, and nobody was told of its records.
      this.open = undefined;
      this.schedule();
    }
  }

  /** The records up to `last` are on disk; told before each of them is. */
  written(last: number): void {
    const { current, open } = this;
    if (current === undefined) return;
    if (current.first === this.newest) {
      open?.mark(last + 1 - open.first, current.length);
      return;
    }
    if (open !== undefined && open.first + open.count === current.first) this.wait(open);
    else this.miss(this.newest);
    this.newest = current.first;
    this.openEmpty();
    this.schedule();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.work?.return?.();
  }

  private get current(): Segment | undefined {
    return this.segments.at(-1);
  }

  private openEmpty(): void {
    const { current } = this;
    if (current === undefined) return;
    this.open = new MemoryIndex(current.first);
    this.open.mark(0, current.start);
    this.unfinished = undefined;
  }

  private wait(index: MemoryIndex): void {
    this.waiting.set(index.first, index);
    for (const first of this.waiting.keys()) {
      if (this.waiting.size <= WAITING) return;
      this.waiting.delete(first);
      this.miss(first);
    }
  }

  private miss(first: number): void {
    if (this.missing.includes(first) || this.unreadable.has(first)) return;
    this.missing.push(first);
    this.schedule();
  }

  private schedule(): void {
    if (this.closed || this.timer !== undefined) return;
    this.timer = setTimeout(() => this.turn(), PAUSE_MS);
    this.timer.unref();
  }

  private turn(): void {
    this.timer = undefined;
    for (const end = performance.now() + TURN_MS; performance.now() < end; ) {
      this.work ??= this.next();
      if (this.work === undefined) return;
      if (this.work.next().done === true) this.work = undefined;
    }
    this.schedule();
  }

  private next(): Iterator<unknown, void> | undefined {
    const { current } = this;
    if (this.open === undefined && current !== undefined && !this.unreadable.has(current.first)) {
      return this.attempt(current, this.makeOpen(current));
    }
    for (const first of [...this.waiting.keys(), ...this.missing]) {
      const segment = this.segments.find((one) => one.first === first);
      if (segment !== undefined) return this.attempt(segment, this.makeFile(segment));
      this.done(first);
    }
    return undefined;
  }

  private *attempt(segment: Segment, work: Iterable<unknown>): Generator<unknown, void> {
    try {
      yield* work;
    } catch {
      // It was removed meanwhile, or cannot be read; or the disk is full. Its records are looked at one by one.
      this.done(segment.first);
      this.unreadable.add(segment.first);
    }
  }

  private *makeOpen(segment: Segment): Generator<unknown, void> {
    const building = buildIndex(segment);
    for (;;) {
      const { done, value } = building.next();
      if (segment.first !== this.newest) {
        // Another segment has begun: this one is missing a file.
        building.return(value);
        return;
      }
      if (done === true) {
        this.unfinished = undefined;
        this.open = value;
        return;
      }
      this.unfinished = value;
      yield;
    }
  }

  private *makeFile(segment: Segment): Generator<unknown, void> {
    yield* writeIndex(segment, this.waiting.get(segment.first) ?? (yield* buildIndex(segment)));
    this.done(segment.first);
  }

  private done(first: number): void {
    this.waiting.delete(first);
    const place = this.missing.indexOf(first);
    if (place >= 0) this.missing.splice(place, 1);
  }
}
