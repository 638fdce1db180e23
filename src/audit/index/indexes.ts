import type { Segment } from '../segments/segment.ts';
import { IndexFiles } from './index-files.ts';
import type { SegmentIndex } from './segment-index.ts';

/** The indexes of the segments of a log. */
export interface Indexes {
  /** The index of a segment, of its first records at least; undefined where there is none. */
  of(segment: Segment): SegmentIndex | undefined;
  /** The index of a segment turned out to be wrong. */
  lost(segment: Segment): void;
}

/** The index files beside a log that somebody else writes, or nobody any more: what cannot be used is not. */
export class ReadOnlyIndexes implements Indexes {
  private readonly files = new IndexFiles();
  private readonly unusable = new Set<number>();

  of(segment: Segment): SegmentIndex | undefined {
    if (this.unusable.has(segment.first)) return undefined;
    try {
      return this.files.of(segment);
    } catch {
      this.lost(segment);
      return undefined;
    }
  }

  lost(segment: Segment): void {
    this.files.forget(segment);
    this.unusable.add(segment.first);
  }
}

/** For who trusts nothing but the records: every one is looked at. */
export const NO_INDEXES: Indexes = { of: () => undefined, lost: () => undefined };
