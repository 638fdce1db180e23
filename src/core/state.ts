import type { Change } from './change.ts';
import { Forest } from './delegation/forest.ts';
import type { EntityId } from './entity.ts';
import { TupleIndex } from './relationships/tuple-index.ts';
import type { Bundle, EntityRecord, Snapshot } from './snapshot.ts';

/**
 * The rows of a store in memory, indexed for deciding. Changes are applied as they were stored, in any order within
 * a revision. Bundles and callers are rows too, but not read by decisions: the engine keeps them.
 */
export class State {
  private readonly tuples: TupleIndex;
  private readonly delegations = new Forest();
  private readonly entities = new Map<EntityId, EntityRecord>();
  private at = 0;

  /** @param tuples Relationships that are there already, so that only later changes to them are applied. */
  constructor(tuples: TupleIndex = new TupleIndex()) {
    this.tuples = tuples;
  }

  /** The revision of the latest change applied. */
  get revision(): number {
    return this.at;
  }

  apply(change: Change, revision: number): void {
    this.at = Math.max(this.at, revision);
    switch (change.kind) {
      case 'relationship':
        if (change.value === null) this.tuples.remove(change.key);
        else this.tuples.add(change.value);
        return;
      case 'delegation':
        this.delegations.add(change.value);
        return;
      case 'revocation':
        this.delegations.revoke(change.value);
        return;
      case 'activation':
        if (change.value === null) this.delegations.deactivate(change.key);
        else this.delegations.activate(change.value);
        return;
      case 'entity':
        this.entities.set(change.key, change.value);
        return;
      case 'bundle':
      case 'caller':
        return;
    }
  }

  /** The state as a decision reads it, under `bundle`. A view: the next change shows in it. */
  snapshot(bundle: Bundle): Snapshot {
    return {
      revision: this.at,
      bundle,
      tuples: this.tuples,
      delegations: this.delegations,
      entity: (id) => this.entities.get(id),
      registered: () => this.entities.values(),
    };
  }
}
