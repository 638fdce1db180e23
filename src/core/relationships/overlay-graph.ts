import { typeOf } from '../entity.ts';
import type { Kinds } from './kinds.ts';
import type { Relationship, RelationshipCondition } from './membership.ts';
import { type TupleGraph, userText } from './tuple-graph.ts';
import { compareText } from './tuple-order.ts';

/** Numbers of what the base does not have begin here: it never has as many. */
const FIRST_OWN = 2 ** 30;

/** A few relationships on top of a graph that stays as it is meanwhile; they stand in for the same ones below. */
export class OverlayGraph implements TupleGraph {
  readonly kinds: Kinds;
  private readonly base: TupleGraph;
  private readonly entities = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly rows: { readonly object: number; readonly kind: number }[] = [];
  /** What is added to a row, by user. */
  private readonly extra = new Map<number, Map<number, RelationshipCondition | undefined>>();

  constructor(base: TupleGraph, tuples: Iterable<Relationship>) {
    this.base = base;
    this.kinds = base.kinds;
    for (const { object, relation, user, condition } of tuples) {
      const hash = user.indexOf('#');
      const member = hash < 0 ? this.openEntity(user) : ~this.openRow(user.slice(0, hash), user.slice(hash + 1));
      const row = this.openRow(object, relation);
      const users = this.extra.get(row) ?? new Map<number, RelationshipCondition | undefined>();
      this.extra.set(row, users.set(member, condition));
    }
  }

  entity(text: string): number {
    const known = this.base.entity(text);
    return known >= 0 ? known : (this.entities.get(text) ?? -1);
  }

  text(entity: number): string {
    return entity < FIRST_OWN ? this.base.text(entity) : (this.texts[entity - FIRST_OWN] ?? '');
  }

  typeOf(entity: number): number {
    return entity < FIRST_OWN ? this.base.typeOf(entity) : this.kinds.type(typeOf(this.text(entity)));
  }

  isWildcard(entity: number): boolean {
    return entity < FIRST_OWN ? this.base.isWildcard(entity) : this.text(entity).endsWith(':*');
  }

  row(object: number, kind: number): number {
    const known = object < FIRST_OWN ? this.base.row(object, kind) : -1;
    if (known >= 0) return known;
    const own = this.rows.findIndex((row) => row.object === object && row.kind === kind);
    return own < 0 ? -1 : own + FIRST_OWN;
  }

  objectOf(row: number): number {
    return row < FIRST_OWN ? this.base.objectOf(row) : (this.rows[row - FIRST_OWN]?.object ?? -1);
  }

  kindOf(row: number): number {
    return row < FIRST_OWN ? this.base.kindOf(row) : (this.rows[row - FIRST_OWN]?.kind ?? -1);
  }

  has(row: number, user: number): boolean {
    return this.extra.get(row)?.has(user) === true || this.isBelow(row, user);
  }

  condition(row: number, user: number): RelationshipCondition | undefined {
    const users = this.extra.get(row);
    if (users?.has(user) === true) return users.get(user);
    return this.isBelow(row, user) ? this.base.condition(row, user) : undefined;
  }

  hasUsersets(row: number): boolean {
    return (row < FIRST_OWN && this.base.hasUsersets(row)) || this.own(row, true).length > 0;
  }

  usersets(row: number): readonly number[] {
    const own = this.own(row, true).map((user) => ~user);
    const below = row < FIRST_OWN ? this.base.usersets(row) : [];
    return this.merge(below, own, (target) => userText(this, ~target));
  }

  members(row: number): readonly number[] {
    const own = this.own(row, false);
    return this.merge(row < FIRST_OWN ? this.base.members(row) : [], own, (member) => this.text(member));
  }

  private own(row: number, usersets: boolean): number[] {
    return [...(this.extra.get(row)?.keys() ?? [])].filter((user) => user < 0 === usersets);
  }

  private isBelow(row: number, user: number): boolean {
    return row < FIRST_OWN && this.base.has(row, user);
  }

  private merge(below: readonly number[], own: readonly number[], text: (number: number) => string): readonly number[] {
    if (own.length === 0) return below;
    const all = [...new Set([...below, ...own])].map((number) => ({ number, text: text(number) }));
    return all.sort((left, right) => compareText(left.text, right.text)).map(({ number }) => number);
  }

  private openEntity(text: string): number {
    const known = this.entity(text);
    if (known >= 0) return known;
    this.entities.set(text, this.texts.length + FIRST_OWN);
    return this.texts.push(text) - 1 + FIRST_OWN;
  }

  private openRow(object: string, relation: string): number {
    const entity = this.openEntity(object);
    const kind = this.kinds.kind(this.kinds.type(typeOf(object)), relation);
    const known = this.row(entity, kind);
    return known >= 0 ? known : this.rows.push({ object: entity, kind }) - 1 + FIRST_OWN;
  }
}
