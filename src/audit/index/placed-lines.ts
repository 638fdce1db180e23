import { linesFrom } from '../records/lines.ts';
import { findLine, type Segment } from '../segments/segment.ts';
import { lastPlace, type Places } from './segment-index.ts';

/** Bytes between two places up to which all of them are read; above, the one line is found by halving. */
const GROUP_BYTES = 32 * 1024;

/**
 * Reads lines of a segment by where some of them begin. Those that were read last are kept, as the next one that is asked
 * for is often among them.
 */
export class PlacedLines {
  /** Bytes that were read until now. */
  bytesRead = 0;
  private readonly fd: number;
  private readonly segment: Segment;
  private readonly places: Places;
  private first = 0;
  private lines: readonly Buffer[] = [];

  constructor(fd: number, segment: Segment, places: Places) {
    this.fd = fd;
    this.segment = segment;
    this.places = places;
  }

  /** The line of the record with an ordinal, as far as the places are right. */
  at(ordinal: number): Buffer | undefined {
    if (ordinal < this.first || ordinal >= this.first + this.lines.length) this.read(ordinal);
    return this.lines[ordinal - this.first];
  }

  private read(ordinal: number): void {
    const place = lastPlace(this.places, ordinal);
    const begin = this.places.offsets[place] ?? this.segment.start;
    const end = this.places.offsets[place + 1] ?? this.segment.length;
    if (end - begin > GROUP_BYTES) {
      const part = { ...this.segment, start: begin, length: end };
      const line = findLine(this.fd, part, this.segment.first + ordinal);
      this.first = ordinal;
      this.lines = line === undefined ? [] : [line.bytes];
      this.bytesRead += GROUP_BYTES;
      return;
    }
    this.first = this.places.ordinals[place] ?? 0;
    this.lines = [...linesFrom(this.fd, begin, end)].map(({ bytes }) => bytes);
    this.bytesRead += end - begin;
  }
}
