import { linesFrom } from '../records/lines.ts';
import { type RetentionOptions, removableSegments, removeSegments, timeOf } from './retention.ts';
import { type Segment, withFile } from './segment.ts';

const DAY_MS = 86_400_000;
/** Milliseconds between two looks at what may go. */
const LOOK_MS = 600_000;
/** A segment goes as a whole, so what is to go after a time must not be in one for long: this part of that time, at most. */
const PARTS = 8;

/** Removes the segments of a node's own log that need not be kept any longer, while it is written to. */
export class SegmentKeeper {
  private readonly directory: string;
  private readonly segments: Segment[];
  private readonly retention: RetentionOptions;
  private readonly rotate: () => void;
  private readonly timer: NodeJS.Timeout;
  private next: NodeJS.Timeout | undefined;

  /**
   * @param segments of the log, as they are at any time, oldest first: those that are removed are taken out
   * @param rotate lets the next record begin a segment; the one that is written to holds one
   */
  constructor(directory: string, segments: Segment[], retention: RetentionOptions, rotate: () => void) {
    this.directory = directory;
    this.segments = segments;
    this.retention = retention;
    this.rotate = rotate;
    this.timer = setInterval(() => this.attempt(), LOOK_MS);
    this.timer.unref();
    this.soon();
  }

  /** Looks as soon as what is under way is done. */
  soon(): void {
    this.next ??= setTimeout(() => {
      this.next = undefined;
      this.attempt();
    });
    this.next.unref();
  }

  close(): void {
    clearInterval(this.timer);
    clearTimeout(this.next);
  }

  private attempt(): void {
    try {
      this.look();
    } catch (fault) {
      // Decisions go on being recorded; whoever runs the node must hear that nothing is removed.
      const reason = fault instanceof Error ? fault.message : String(fault);
      process.emitWarning(`segments of the decision log could not be removed: ${reason}`);
    }
  }

  private look(): void {
    const { keepMs, keepBytes, covered, clock } = this.retention;
    const now = clock();
    const removable = removableSegments(this.segments, {
      ...(keepMs === undefined ? undefined : { before: now - keepMs }),
      ...(keepBytes === undefined ? undefined : { bytes: keepBytes }),
      covered: covered(),
    });
    for (const segment of removable.segments) {
      removeSegments(this.directory, { ...removable, segments: [segment] });
      this.segments.shift();
    }
    if (keepMs !== undefined && this.isOld(now - Math.min(DAY_MS, keepMs / PARTS))) this.rotate();
  }

  /** Whether the segment that is written to began before a time. */
  private isOld(before: number): boolean {
    const current = this.segments.at(-1);
    if (current === undefined) return false;
    return withFile(current.path, (fd) => {
      for (const { bytes } of linesFrom(fd, current.start, current.length)) return timeOf(bytes, current) < before;
      return false;
    });
  }
}
