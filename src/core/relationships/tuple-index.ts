import { type EntityId, typeOf } from '../entity.ts';
import type { Relationship } from './membership.ts';
import { StoredGraph } from './stored-graph.ts';
import { type TupleGraph, userText } from './tuple-graph.ts';
import { compareText, compareTuples } from './tuple-order.ts';
import type { TupleReader } from './tuples.ts';

/** All stored relationships in memory. One relationship per (object, relation, user). */
export class TupleIndex implements TupleReader {
  private readonly stored: StoredGraph;

  constructor(tuples: Iterable<Relationship> = [], stored: StoredGraph = new StoredGraph()) {
    this.stored = stored;
    for (const tuple of tuples) this.add(tuple);
  }

  /** The index that `pack` made these bytes of, or undefined where they are another version's. */
  static unpack(bytes: Uint8Array): TupleIndex | undefined {
    const stored = StoredGraph.unpack(bytes);
    return stored === undefined ? undefined : new TupleIndex([], stored);
  }

  /** The index as bytes, in parts to be written one behind the other, before the next change. */
  pack(): readonly Uint8Array[] {
    return this.stored.pack();
  }

  get graph(): TupleGraph {
    return this.stored;
  }

  get size(): number {
    return this.stored.size;
  }

  /** Adds a relationship, or replaces the one with the same object, relation and user (another condition). */
  add({ object, relation, user, condition }: Relationship): void {
    const hash = user.indexOf('#');
    const member = hash < 0 ? this.stored.openEntity(user) : ~this.open(user.slice(0, hash), user.slice(hash + 1));
    this.stored.add(this.open(object, relation), member, condition);
  }

  /** Removes the relationship with this `relationshipKey` (core/change.ts); false if it was not there. */
  remove(key: string): boolean {
    // Neither an object nor a relation has a `#`, and a relation has no `@`: the key splits in one way only.
    const hash = key.indexOf('#');
    const at = key.indexOf('@', hash);
    const found = this.locate(key.slice(at + 1), key.slice(hash + 1, at), key.slice(0, hash));
    return found !== undefined && this.stored.remove(found.row, found.user);
  }

  find(user: string, relation: string, object: EntityId): Relationship | undefined {
    const found = this.locate(user, relation, object);
    if (found === undefined || !this.stored.has(found.row, found.user)) return undefined;
    return toRelationship(user, relation, object, this.stored.condition(found.row, found.user));
  }

  of(object: EntityId, relation: string): readonly Relationship[] {
    const row = this.row(object, relation);
    if (row < 0) return [];
    return this.tuplesOf(row).sort((left, right) => compareText(left.user, right.user));
  }

  usersets(object: EntityId, relation: string): readonly Relationship[] {
    const row = this.row(object, relation);
    return row < 0 ? [] : this.stored.usersets(row).map((target) => this.tuple(row, ~target));
  }

  involving(entity: EntityId): readonly Relationship[] {
    const number = this.stored.entity(entity);
    if (number < 0) return [];
    const rows = this.stored.rowsOf(number);
    const found = rows.flatMap((row) => this.tuplesOf(row));
    for (const user of [number, ...rows.map((row) => ~row)]) {
      for (const row of this.stored.rowsWith(user)) {
        // What the entity has to itself is among those of its own rows already.
        if (this.stored.objectOf(row) !== number) found.push(this.tuple(row, user));
      }
    }
    return found.sort(compareTuples);
  }

  objects(type: string): readonly EntityId[] {
    return [...this.entities(type, (entity) => this.stored.isObject(entity))].sort(compareText);
  }

  named(type: string): Iterable<EntityId> {
    return this.entities(type, (entity) => this.stored.isNamed(entity) && !this.stored.isWildcard(entity));
  }

  *all(): Iterable<Relationship> {
    for (const row of this.stored.allRows()) yield* this.tuplesOf(row);
  }

  private *entities(type: string, which: (entity: number) => boolean): Iterable<EntityId> {
    const number = this.stored.kinds.type(type);
    for (let entity = 0; entity < this.stored.entityCount; entity++) {
      if (this.stored.typeOf(entity) === number && which(entity)) yield this.stored.text(entity);
    }
  }

  private tuplesOf(row: number): Relationship[] {
    return this.stored.users(row).map((user) => this.tuple(row, user));
  }

  private tuple(row: number, user: number): Relationship {
    const { stored } = this;
    const relation = stored.kinds.relationName(stored.kindOf(row));
    const object = stored.text(stored.objectOf(row));
    return toRelationship(userText(stored, user), relation, object, stored.condition(row, user));
  }

  private locate(user: string, relation: string, object: EntityId): { row: number; user: number } | undefined {
    const row = this.row(object, relation);
    if (row < 0) return undefined;
    const hash = user.indexOf('#');
    if (hash < 0) {
      const entity = this.stored.entity(user);
      return entity < 0 ? undefined : { row, user: entity };
    }
    const target = this.row(user.slice(0, hash), user.slice(hash + 1));
    return target < 0 ? undefined : { row, user: ~target };
  }

  private row(object: EntityId, relation: string): number {
    return this.stored.row(this.stored.entity(object), this.stored.kinds.find(typeOf(object), relation));
  }

  private open(object: EntityId, relation: string): number {
    const { stored } = this;
    return stored.openRow(stored.openEntity(object), stored.kinds.kind(stored.kinds.type(typeOf(object)), relation));
  }
}

function toRelationship(
  user: string,
  relation: string,
  object: EntityId,
  condition: Relationship['condition'],
): Relationship {
  return condition === undefined ? { user, relation, object } : { user, relation, object, condition };
}
