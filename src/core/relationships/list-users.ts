import { type EntityId, typeOf } from '../entity.ts';
import type { Model, Rewrite } from '../model/model.ts';
import { allows } from './admit-tuple.ts';
import type { UnknownCause } from './membership.ts';
import { MembershipWalk } from './membership-walk.ts';
import { graver } from './outcome.ts';
import { type MembershipHost, type MembershipQuery, toSubject } from './query.ts';
import { finish, type Steps } from './steps.ts';
import { compareText } from './tuple-order.ts';
import type { TupleReader } from './tuples.ts';

export interface UsersQuery extends Omit<MembershipQuery, 'subject'> {
  /** A type, or the usersets of one relation of a type. */
  readonly filter: { readonly type: string; readonly relation?: string };
}

export interface UserList {
  /** Entities and `type:*`, or usersets; in the order of their text. */
  readonly users: readonly string[];
  /** Why it could not be told for some user, who is then missing: the list is not a whole one. */
  readonly unknown?: UnknownCause;
}

/**
 * The users that have the relation to the object: those found on the way for which `membership` says yes (OpenFGA
 * API, ListUsers). Where everybody of a type has it, `type:*` stands for those that nothing else names.
 */
export function listUsers(query: UsersQuery, model: Model, tuples: TupleReader, host: MembershipHost): UserList {
  return finish(listUsersInSteps(query, model, tuples, host));
}

/** The same, one question or user a step. */
export function* listUsersInSteps(
  query: UsersQuery,
  model: Model,
  tuples: TupleReader,
  host: MembershipHost,
): Steps<UserList> {
  const { object, relation, filter, context } = query;
  const candidates = new Candidates(model, tuples, host, filter);
  yield* candidates.collect(object, relation);
  const users: string[] = [];
  let unknown: UnknownCause | undefined = candidates.incomplete;
  for (const user of [...candidates.found].sort(compareText)) {
    const walk = new MembershipWalk(toSubject(user), model, tuples, context, host.budget);
    const outcome = walk.enter(object, typeOf(object), relation);
    if (outcome.kind === 'yes') users.push(user);
    if (outcome.kind === 'unknown') unknown = graver(unknown, outcome.because);
    yield;
  }
  return unknown === undefined ? { users } : { users, unknown };
}

/** Every user that a relationship on the way names: who is not among them has the relation by `type:*` at most. */
class Candidates {
  readonly found = new Set<string>();
  incomplete: UnknownCause | undefined;
  private readonly seen = new Set<string>();
  private readonly model: Model;
  private readonly tuples: TupleReader;
  private readonly host: MembershipHost;
  private readonly filter: UsersQuery['filter'];

  constructor(model: Model, tuples: TupleReader, host: MembershipHost, filter: UsersQuery['filter']) {
    this.model = model;
    this.tuples = tuples;
    this.host = host;
    this.filter = filter;
  }

  /** Goes over all questions below this one, each once, without recursion: any depth is fine here. */
  *collect(object: EntityId, relation: string): Steps<void> {
    const open: [EntityId, string][] = [[object, relation]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [at, name] = next;
      const key = `${at}#${name}`;
      if (this.seen.has(key)) continue;
      this.seen.add(key);
      if (!this.host.budget.spend(1)) this.incomplete = { kind: 'limit', limit: 'decisionSteps' };
      if (this.incomplete !== undefined) return;
      const definition = this.model.types.get(typeOf(at))?.relations.get(name);
      if (definition === undefined) continue;
      if (this.filter.relation === name && this.filter.type === typeOf(at)) this.found.add(key);
      this.visit(definition.rewrite, at, name, open);
      yield;
    }
  }

  private visit(rewrite: Rewrite, object: EntityId, relation: string, open: [EntityId, string][]): void {
    switch (rewrite.kind) {
      case 'direct':
        for (const user of this.users(object, relation)) {
          const hash = user.indexOf('#');
          if (hash >= 0) open.push([user.slice(0, hash), user.slice(hash + 1)]);
          else if (this.filter.relation === undefined && this.filter.type === typeOf(user)) this.found.add(user);
        }
        return;
      case 'computed':
        open.push([object, rewrite.relation]);
        return;
      case 'tuple_to_userset':
        for (const parent of this.users(object, rewrite.tupleset)) open.push([parent, rewrite.computed]);
        return;
      case 'union':
      case 'intersection':
        for (const child of rewrite.children) this.visit(child, object, relation, open);
        return;
      case 'exclusion':
        // Whom only the subtracted part names has the relation by nothing but `type:*`, if at all.
        this.visit(rewrite.base, object, relation, open);
    }
  }

  private users(object: EntityId, relation: string): readonly string[] {
    const restrictions = this.model.types.get(typeOf(object))?.relations.get(relation)?.directTypes ?? [];
    return this.tuples
      .of(object, relation)
      .filter((tuple) => restrictions.some((direct) => allows(direct, tuple)))
      .map((tuple) => tuple.user);
  }
}
