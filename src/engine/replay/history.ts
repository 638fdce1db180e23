import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, Snapshot } from '../../core/snapshot.ts';
import type { Store } from '../../store/store.ts';
import { Walk } from './walk.ts';

/** What a history is read from. */
export type HistoryStore = Pick<Store, 'revision' | 'lines' | 'rows' | 'contains'>;

export interface HistoryOptions {
  readonly store: HistoryStore;
  /** In force while none was published. */
  readonly fallback: Bundle;
  /**
   * Where states begin: `changes` makes them from the change log alone, each commit checked against its hash and the one
   * before; `rows` reads what the store says they were, which is quicker and can be done piece by piece.
   */
  readonly from: 'changes' | 'rows';
  /** Called between two pieces of work of some milliseconds each; others may go on then. */
  readonly pause: () => Promise<void> | undefined;
}

/** One that goes on with the latest records, and one for those that were decided at an older state. */
const WALKS = 2;

/**
 * The states of the past, to decide by again. They are moved forward commit by commit, so it is quick for those who ask
 * in the order of the revisions, or nearly so.
 */
export class History {
  private options: HistoryOptions;
  private walks: readonly Walk[] = [];

  constructor(options: HistoryOptions) {
    this.options = options;
  }

  /** The same states for other work. */
  pausing(pause: HistoryOptions['pause']): this {
    this.options = { ...this.options, pause };
    return this;
  }

  /** The state at a revision, if it is the one that was asked for last. */
  ready(revision: number): Snapshot | undefined {
    return this.walks.find((walk) => walk.revision === revision)?.snapshot;
  }

  /** Whether the store had `revision` in the opening `epoch`; without one, whether it has it at all. */
  contains(epoch: string | undefined, revision: number): boolean {
    const { store } = this.options;
    return epoch === undefined ? revision <= store.revision : store.contains(epoch, revision);
  }

  /** The state at a revision, under the bundle of then, until another one is asked for; or why there is none. */
  async at(revision: number): Promise<Result<Snapshot, string>> {
    const ready = this.ready(revision);
    if (ready !== undefined) return ok(ready);
    if (revision > this.options.store.revision) return err(`the store has no revision ${revision}`);
    let walk = nearestBelow(this.walks, revision);
    if (walk === undefined) {
      walk = new Walk(this.options.store, this.options.fallback);
      const others = [...this.walks].sort((a, b) => b.revision - a.revision).slice(0, WALKS - 1);
      this.walks = [...others, walk];
      if (this.options.from === 'rows') await walk.beginAt(revision, this.options.pause);
    }
    const moved = await walk.moveTo(revision, this.options.pause);
    return moved.ok ? ok(walk.snapshot) : moved;
  }
}

function nearestBelow(walks: readonly Walk[], revision: number): Walk | undefined {
  let nearest: Walk | undefined;
  for (const walk of walks) {
    if (walk.revision <= revision && (nearest === undefined || walk.revision > nearest.revision)) nearest = walk;
  }
  return nearest;
}
