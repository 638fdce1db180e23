import type { EntityId } from '../entity.ts';
import type { Relationship } from './membership.ts';
import { OverlayGraph } from './overlay-graph.ts';
import type { TupleGraph } from './tuple-graph.ts';
import { TupleIndex } from './tuple-index.ts';
import { compareText, compareTuples } from './tuple-order.ts';
import type { TupleReader } from './tuples.ts';

/**
 * Contextual relationships on top of stored ones (OpenFGA's `contextual_tuples`): they count for one question only,
 * and stand in for a stored one with the same object, relation and user.
 */
export function overlay(base: TupleReader, contextual: Iterable<Relationship>): TupleReader {
  return new TupleOverlay(base, contextual);
}

class TupleOverlay implements TupleReader {
  private readonly base: TupleReader;
  private readonly extra: TupleIndex;
  readonly graph: TupleGraph;

  constructor(base: TupleReader, contextual: Iterable<Relationship>) {
    this.base = base;
    this.extra = new TupleIndex(contextual);
    this.graph = new OverlayGraph(base.graph, this.extra.all());
  }

  get size(): number {
    let size = this.base.size;
    for (const { user, relation, object } of this.extra.all()) if (!this.base.find(user, relation, object)) size += 1;
    return size;
  }

  find(user: string, relation: string, object: EntityId): Relationship | undefined {
    return this.extra.find(user, relation, object) ?? this.base.find(user, relation, object);
  }

  of(object: EntityId, relation: string): readonly Relationship[] {
    return this.merge(this.base.of(object, relation), this.extra.of(object, relation));
  }

  usersets(object: EntityId, relation: string): readonly Relationship[] {
    return this.merge(this.base.usersets(object, relation), this.extra.usersets(object, relation));
  }

  involving(entity: EntityId): readonly Relationship[] {
    return this.merge(this.base.involving(entity), this.extra.involving(entity));
  }

  *all(): Iterable<Relationship> {
    yield* this.extra.all();
    for (const tuple of this.base.all()) {
      if (!this.extra.find(tuple.user, tuple.relation, tuple.object)) yield tuple;
    }
  }

  objects(type: string): readonly EntityId[] {
    return [...new Set([...this.base.objects(type), ...this.extra.objects(type)])].sort(compareText);
  }

  named(type: string): Iterable<EntityId> {
    return new Set([...this.base.named(type), ...this.extra.named(type)]);
  }

  private merge(stored: readonly Relationship[], extra: readonly Relationship[]): readonly Relationship[] {
    if (extra.length === 0) return stored;
    const kept = stored.filter(({ user, relation, object }) => !this.extra.find(user, relation, object));
    return [...kept, ...extra].sort(compareTuples);
  }
}
