import { typeOf } from '../entity.ts';
import { Bags, grown } from './bags.ts';
import { type KindList, Kinds } from './kinds.ts';
import type { RelationshipCondition } from './membership.ts';
import { Names } from './names.ts';
import { pack, toGrowing, unpack } from './packed.ts';
import type { TupleGraph } from './tuple-graph.ts';

/** Four integers an entity. A type and whether it is `type:*`; the first row + 1; the rows where it is a user. */
const ENTITY = 4;
const FIRST = 0;
const TYPE = 1;
const USER_OF = 2;
/** Eight integers a row: half a cache line. The next row + 1 of the object; the users; the rows where it is a userset. */
const ROW = 8;
const OBJECT = 0;
const KIND = 1;
const NEXT = 2;
const USERS = 3;
const USERSET_OF = 5;
/** Twice the number of users that are usersets, and 1 if some relationship has a condition. */
const TRAITS = 7;
const COUNT = 1;

const NONE: readonly number[] = [];
/** Wide rows whose users are kept in order: sorting a hundred thousand again for each question would be felt. */
const ORDERED_ROWS = 4096;

/** What is packed beside the arrays. */
interface Head extends KindList {
  readonly size: number;
  readonly entities: number;
  readonly rows: number;
  readonly freeRow: number;
  readonly conditions: readonly (readonly [row: number, user: number, condition: RelationshipCondition])[];
}

const NAME_ARRAYS = 4;
const BAG_ARRAYS = 3;

/** All stored relationships, some fifty bytes each; a change costs the same however many there are. */
export class StoredGraph implements TupleGraph {
  readonly kinds = new Kinds();
  private readonly names = new Names();
  private readonly bags = new Bags();
  private entities = new Int32Array(64);
  private rows = new Int32Array(128);
  private rowCount = 0;
  /** First free row + 1; each holds the next in `NEXT`. */
  private freeRow = 0;
  private readonly conditions = new Map<number, Map<number, RelationshipCondition>>();
  private readonly orderedUsersets = new Map<number, readonly number[]>();
  private readonly orderedMembers = new Map<number, readonly number[]>();
  private count = 0;

  /** The graph that `pack` made these bytes of, or undefined where they are another version's. */
  static unpack(bytes: Uint8Array): StoredGraph | undefined {
    const unpacked = unpack<Head>(bytes);
    if (unpacked === undefined) return undefined;
    const { head, arrays } = unpacked;
    const graph = new StoredGraph();
    for (const type of head.types) graph.kinds.type(type);
    for (const [type, relation] of head.kinds) graph.kinds.kind(type, relation);
    graph.count = head.size;
    graph.rowCount = head.rows;
    graph.freeRow = head.freeRow;
    graph.names.restore(head.entities, arrays.slice(0, NAME_ARRAYS));
    graph.bags.restore(arrays.slice(NAME_ARRAYS, NAME_ARRAYS + BAG_ARRAYS));
    const [entities, rows] = arrays.slice(NAME_ARRAYS + BAG_ARRAYS);
    graph.entities = toGrowing(entities);
    graph.rows = toGrowing(rows);
    for (const [row, user, condition] of head.conditions) graph.keepCondition(row, user, condition);
    return graph;
  }

  /** The graph as bytes, to be written at once, before the next change. */
  pack(): readonly Uint8Array[] {
    const conditions = [...this.conditions].flatMap(([row, users]) =>
      [...users].map(([user, condition]) => [row, user, condition] as const),
    );
    const { size, rowCount: rows, freeRow } = this;
    const head: Head = { ...this.kinds.list(), size, entities: this.names.size, rows, freeRow, conditions };
    return pack(head, [
      ...this.names.arrays(),
      ...this.bags.arrays(),
      this.entities.subarray(0, this.names.size * ENTITY),
      this.rows.subarray(0, rows * ROW),
    ]);
  }

  get size(): number {
    return this.count;
  }

  get entityCount(): number {
    return this.names.size;
  }

  entity(text: string): number {
    return this.names.find(text);
  }

  text(entity: number): string {
    return this.names.text(entity);
  }

  typeOf(entity: number): number {
    return (this.entities[entity * ENTITY + TYPE] as number) >> 1;
  }

  isWildcard(entity: number): boolean {
    return ((this.entities[entity * ENTITY + TYPE] as number) & 1) === 1;
  }

  row(object: number, kind: number): number {
    if (object < 0) return -1;
    let row = (this.entities[object * ENTITY + FIRST] as number) - 1;
    while (row >= 0 && this.rows[row * ROW + KIND] !== kind) row = (this.rows[row * ROW + NEXT] as number) - 1;
    return row;
  }

  objectOf(row: number): number {
    return this.rows[row * ROW + OBJECT] as number;
  }

  kindOf(row: number): number {
    return this.rows[row * ROW + KIND] as number;
  }

  has(row: number, user: number): boolean {
    return this.bags.has(this.rows, row * ROW + USERS, user);
  }

  condition(row: number, user: number): RelationshipCondition | undefined {
    return ((this.rows[row * ROW + TRAITS] as number) & 1) === 0 ? undefined : this.conditions.get(row)?.get(user);
  }

  hasUsersets(row: number): boolean {
    return (this.rows[row * ROW + TRAITS] as number) > 1;
  }

  usersets(row: number): readonly number[] {
    return this.hasUsersets(row) ? this.ordered(row, true, this.orderedUsersets) : NONE;
  }

  members(row: number): readonly number[] {
    return this.ordered(row, false, this.orderedMembers);
  }

  /** All users of a row, in no particular order. */
  users(row: number): readonly number[] {
    return this.bags.values(this.rows, row * ROW + USERS);
  }

  /** The rows of an object, in no particular order. */
  rowsOf(object: number): readonly number[] {
    const rows: number[] = [];
    for (let row = (this.entities[object * ENTITY + FIRST] as number) - 1; row >= 0; ) {
      rows.push(row);
      row = (this.rows[row * ROW + NEXT] as number) - 1;
    }
    return rows;
  }

  /** The rows that have a user, in no particular order. */
  rowsWith(user: number): readonly number[] {
    return user >= 0
      ? this.bags.values(this.entities, user * ENTITY + USER_OF)
      : this.bags.values(this.rows, ~user * ROW + USERSET_OF);
  }

  /** Whether some relationship names an entity, as object, as user or in a userset. */
  isNamed(entity: number): boolean {
    return this.entities[entity * ENTITY + FIRST] !== 0 || this.entities[entity * ENTITY + USER_OF + COUNT] !== 0;
  }

  /** Whether an entity is the object of some relationship. */
  isObject(entity: number): boolean {
    return this.rowsOf(entity).some((row) => this.rows[row * ROW + USERS + COUNT] !== 0);
  }

  /** The number of an entity, a new one where it has none. */
  openEntity(text: string): number {
    const entity = this.names.intern(text);
    if ((entity + 1) * ENTITY > this.entities.length) this.entities = grown(this.entities, (entity + 1) * ENTITY);
    if (this.entities[entity * ENTITY + TYPE] === 0) {
      // Types are numbered from 0 and this is how a fresh entry looks: the type 0 is written again, to the same effect.
      this.entities[entity * ENTITY + TYPE] = this.kinds.type(typeOf(text)) * 2 + (text.endsWith(':*') ? 1 : 0);
    }
    return entity;
  }

  /** The row of an object and a kind, a new one where there is none. */
  openRow(object: number, kind: number): number {
    const known = this.row(object, kind);
    if (known >= 0) return known;
    const row = this.takeRow();
    const at = row * ROW;
    this.rows.fill(0, at, at + ROW);
    this.rows[at + OBJECT] = object;
    this.rows[at + KIND] = kind;
    this.rows[at + NEXT] = this.entities[object * ENTITY + FIRST] as number;
    this.entities[object * ENTITY + FIRST] = row + 1;
    return row;
  }

  /** Adds a relationship, or gives the one that is there another condition. */
  add(row: number, user: number, condition: RelationshipCondition | undefined): void {
    if (!this.has(row, user)) {
      this.count += 1;
      this.insertUser(row, user);
      if (user >= 0) this.bags.insert(this.entities, user * ENTITY + USER_OF, row, 0);
      else this.bags.insert(this.rows, ~user * ROW + USERSET_OF, row, 0);
    }
    this.setCondition(row, user, condition);
  }

  /** Removes a relationship; false if it was not there. */
  remove(row: number, user: number): boolean {
    if (!this.has(row, user)) return false;
    this.count -= 1;
    this.setCondition(row, user, undefined);
    this.deleteUser(row, user);
    if (user >= 0) this.bags.delete(this.entities, user * ENTITY + USER_OF, row);
    else {
      this.bags.delete(this.rows, ~user * ROW + USERSET_OF, row);
      if (~user !== row) this.dropIfEmpty(~user);
    }
    this.dropIfEmpty(row);
    return true;
  }

  /** All rows that are in use. */
  *allRows(): Iterable<number> {
    for (let entity = 0; entity < this.names.size; entity++) yield* this.rowsOf(entity);
  }

  private insertUser(row: number, user: number): void {
    const at = row * ROW + USERS;
    let place = 0;
    if (!this.bags.isWide(this.rows, at)) {
      const count = this.rows[at + COUNT] as number;
      while (place < count && this.compareUsers(this.bags.at(this.rows, at, place), user) < 0) place += 1;
    }
    this.bags.insert(this.rows, at, user, place);
    if (user < 0) this.rows[row * ROW + TRAITS] = (this.rows[row * ROW + TRAITS] as number) + 2;
    this.forgetOrder(row, user);
  }

  private deleteUser(row: number, user: number): void {
    const at = row * ROW + USERS;
    const wide = this.bags.isWide(this.rows, at);
    this.bags.delete(this.rows, at, user);
    if (user < 0) this.rows[row * ROW + TRAITS] = (this.rows[row * ROW + TRAITS] as number) - 2;
    if (wide && !this.bags.isWide(this.rows, at)) {
      const users = this.bags.values(this.rows, at).sort((left, right) => this.compareUsers(left, right));
      this.bags.reorder(this.rows, at, users);
    }
    this.forgetOrder(row, user);
  }

  private forgetOrder(row: number, user: number): void {
    if (user < 0) this.orderedUsersets.delete(row);
    else this.orderedMembers.delete(row);
  }

  private setCondition(row: number, user: number, condition: RelationshipCondition | undefined): void {
    const before = this.conditions.get(row);
    if (condition !== undefined) this.keepCondition(row, user, condition);
    else if (before?.delete(user) && before.size === 0) this.conditions.delete(row);
    const usersets = (this.rows[row * ROW + TRAITS] as number) & ~1;
    this.rows[row * ROW + TRAITS] = usersets | (this.conditions.has(row) ? 1 : 0);
  }

  private keepCondition(row: number, user: number, condition: RelationshipCondition): void {
    const users = this.conditions.get(row);
    if (users === undefined) this.conditions.set(row, new Map([[user, condition]]));
    else users.set(user, condition);
  }

  private ordered(row: number, usersets: boolean, kept: Map<number, readonly number[]>): readonly number[] {
    const at = row * ROW + USERS;
    const count = this.rows[at + COUNT] as number;
    if (!this.bags.isWide(this.rows, at)) {
      let found: number[] | undefined;
      for (let place = 0; place < count; place++) {
        const user = this.bags.at(this.rows, at, place);
        if (user < 0 !== usersets) continue;
        if (found === undefined) found = [usersets ? ~user : user];
        else found.push(usersets ? ~user : user);
      }
      return found ?? NONE;
    }
    let order = kept.get(row);
    if (order === undefined) {
      const users = this.bags.values(this.rows, at).filter((user) => user < 0 === usersets);
      users.sort((left, right) => this.compareUsers(left, right));
      order = usersets ? users.map((user) => ~user) : users;
      if (kept.size >= ORDERED_ROWS) kept.clear();
      kept.set(row, order);
    }
    return order;
  }

  private compareUsers(left: number, right: number): number {
    if (left >= 0 && right >= 0) return this.names.compare(left, '', right, '');
    const [leftEnd, rightEnd] = [this.suffix(left), this.suffix(right)];
    return this.names.compare(this.entityOf(left), leftEnd, this.entityOf(right), rightEnd);
  }

  private entityOf(user: number): number {
    return user >= 0 ? user : this.objectOf(~user);
  }

  private suffix(user: number): string {
    return user >= 0 ? '' : this.kinds.suffix(this.kindOf(~user));
  }

  private takeRow(): number {
    if (this.freeRow > 0) {
      const row = this.freeRow - 1;
      this.freeRow = this.rows[row * ROW + NEXT] as number;
      return row;
    }
    const row = this.rowCount++;
    if (this.rowCount * ROW > this.rows.length) this.rows = grown(this.rows, this.rowCount * ROW);
    return row;
  }

  /** A row is there while it holds a relationship or is a userset in one. */
  private dropIfEmpty(row: number): void {
    const at = row * ROW;
    if (this.rows[at + USERS + COUNT] !== 0 || this.rows[at + USERSET_OF + COUNT] !== 0) return;
    const object = this.rows[at + OBJECT] as number;
    const next = this.rows[at + NEXT] as number;
    if (this.entities[object * ENTITY + FIRST] === row + 1) this.entities[object * ENTITY + FIRST] = next;
    else {
      let before = (this.entities[object * ENTITY + FIRST] as number) - 1;
      while (this.rows[before * ROW + NEXT] !== row + 1) before = (this.rows[before * ROW + NEXT] as number) - 1;
      this.rows[before * ROW + NEXT] = next;
    }
    this.rows[at + NEXT] = this.freeRow;
    this.freeRow = row + 1;
  }
}
