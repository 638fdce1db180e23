import { type EntityId, typeOf } from '../entity.ts';
import type { Relationship } from './membership.ts';
import { compareText, compareTuples } from './tuple-order.ts';
import type { TupleReader } from './tuples.ts';

const NONE: readonly Relationship[] = [];

/** The relationships of one `object#relation`, sorted when they are first read after a change. */
class Rows {
  readonly byUser = new Map<string, Relationship>();
  private all: readonly Relationship[] | undefined;
  private nested: readonly Relationship[] | undefined;

  set(tuple: Relationship): void {
    this.byUser.set(tuple.user, tuple);
    this.all = undefined;
    this.nested = undefined;
  }

  delete(user: string): boolean {
    this.all = undefined;
    this.nested = undefined;
    return this.byUser.delete(user);
  }

  sorted(): readonly Relationship[] {
    this.all ??= [...this.byUser.values()].sort((left, right) => compareText(left.user, right.user));
    return this.all;
  }

  usersets(): readonly Relationship[] {
    this.nested ??= this.sorted().filter((tuple) => tuple.user.includes('#'));
    return this.nested;
  }
}

/** All stored relationships in memory. One relationship per (object, relation, user). */
export class TupleIndex implements TupleReader {
  private readonly rows = new Map<EntityId, Map<string, Rows>>();
  /** Where an entity stands as user or in a userset. */
  private readonly byUser = new Map<EntityId, Map<Rows, number>>();
  private readonly byType = new Map<string, Set<EntityId>>();
  /** Those that `byUser` has, by their type. */
  private readonly usersByType = new Map<string, Set<EntityId>>();
  private count = 0;

  constructor(tuples: Iterable<Relationship> = []) {
    for (const tuple of tuples) this.add(tuple);
  }

  get size(): number {
    return this.count;
  }

  /** Adds a relationship, or replaces the one with the same object, relation and user (another condition). */
  add(tuple: Relationship): void {
    const rows = this.open(tuple.object, tuple.relation);
    if (!rows.byUser.has(tuple.user)) {
      this.count += 1;
      this.mention(userEntity(tuple.user), rows, 1);
    }
    rows.set(tuple);
  }

  /** Removes the relationship with this `relationshipKey` (core/change.ts); false if it was not there. */
  remove(key: string): boolean {
    // Neither an object nor a relation has a `#`, and a relation has no `@`: the key splits in one way only.
    const hash = key.indexOf('#');
    const at = key.indexOf('@', hash);
    const object = key.slice(0, hash);
    const relation = key.slice(hash + 1, at);
    const user = key.slice(at + 1);
    const relations = this.rows.get(object);
    const rows = relations?.get(relation);
    if (relations === undefined || rows?.delete(user) !== true) return false;
    this.count -= 1;
    this.mention(userEntity(user), rows, -1);
    if (rows.byUser.size === 0) relations.delete(relation);
    if (relations.size === 0) {
      this.rows.delete(object);
      this.byType.get(typeOf(object))?.delete(object);
    }
    return true;
  }

  find(user: string, relation: string, object: EntityId): Relationship | undefined {
    return this.rows.get(object)?.get(relation)?.byUser.get(user);
  }

  of(object: EntityId, relation: string): readonly Relationship[] {
    return this.rows.get(object)?.get(relation)?.sorted() ?? NONE;
  }

  usersets(object: EntityId, relation: string): readonly Relationship[] {
    return this.rows.get(object)?.get(relation)?.usersets() ?? NONE;
  }

  involving(entity: EntityId): readonly Relationship[] {
    const found = new Set<Relationship>();
    for (const rows of this.rows.get(entity)?.values() ?? []) for (const tuple of rows.sorted()) found.add(tuple);
    for (const rows of this.byUser.get(entity)?.keys() ?? []) {
      for (const tuple of rows.byUser.values()) if (userEntity(tuple.user) === entity) found.add(tuple);
    }
    return [...found].sort(compareTuples);
  }

  objects(type: string): readonly EntityId[] {
    return [...(this.byType.get(type) ?? [])].sort(compareText);
  }

  named(type: string): Iterable<EntityId> {
    const named = new Set([...(this.byType.get(type) ?? []), ...(this.usersByType.get(type) ?? [])]);
    named.delete(`${type}:*`);
    return named;
  }

  *all(): Iterable<Relationship> {
    for (const relations of this.rows.values()) for (const rows of relations.values()) yield* rows.byUser.values();
  }

  private open(object: EntityId, relation: string): Rows {
    let relations = this.rows.get(object);
    if (relations === undefined) {
      relations = new Map();
      this.rows.set(object, relations);
      addTo(this.byType, object);
    }
    let rows = relations.get(relation);
    if (rows === undefined) {
      rows = new Rows();
      relations.set(relation, rows);
    }
    return rows;
  }

  /** Counts how often an entity stands as user in `rows`: alone and in usersets. */
  private mention(entity: EntityId, rows: Rows, change: number): void {
    let counts = this.byUser.get(entity);
    if (counts === undefined) {
      counts = new Map<Rows, number>();
      this.byUser.set(entity, counts);
      addTo(this.usersByType, entity);
    }
    const count = (counts.get(rows) ?? 0) + change;
    if (count > 0) counts.set(rows, count);
    else counts.delete(rows);
    if (counts.size === 0) {
      this.byUser.delete(entity);
      this.usersByType.get(typeOf(entity))?.delete(entity);
    }
  }
}

function addTo(byType: Map<string, Set<EntityId>>, entity: EntityId): void {
  const type = typeOf(entity);
  const entities = byType.get(type);
  if (entities === undefined) byType.set(type, new Set([entity]));
  else entities.add(entity);
}

/** `group:x` of `group:x#member`. */
function userEntity(user: string): EntityId {
  const hash = user.indexOf('#');
  return hash < 0 ? user : user.slice(0, hash);
}
