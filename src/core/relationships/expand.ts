import { type EntityId, typeOf } from '../entity.ts';
import type { Model, Relation, Rewrite } from '../model/model.ts';
import { allows } from './admit-tuple.ts';
import type { TupleReader } from './tuples.ts';

/** One rewrite of a relation with what stands directly below it (OpenFGA API, UsersetTree.Node). */
export type UsersetTree = { readonly name: string } & (
  | { readonly kind: 'users'; readonly users: readonly string[] }
  | { readonly kind: 'computed'; readonly userset: string }
  | { readonly kind: 'tuple_to_userset'; readonly tupleset: string; readonly computed: readonly string[] }
  | { readonly kind: 'union' | 'intersection'; readonly nodes: readonly UsersetTree[] }
  | { readonly kind: 'difference'; readonly base: UsersetTree; readonly subtract: UsersetTree }
);

/**
 * The definition of `object#relation` with the stored relationships filled in, one level deep: usersets are named, not
 * followed (OpenFGA API, Expand). Conditions are not evaluated; what the model does not allow any more is left out.
 *
 * @returns undefined if the model has no such relation.
 */
export function expand(object: EntityId, relation: string, model: Model, tuples: TupleReader): UsersetTree | undefined {
  const type = model.types.get(typeOf(object));
  const definition = type?.relations.get(relation);
  if (type === undefined || definition === undefined) return undefined;
  const name = `${object}#${relation}`;
  const users = (of: Relation | undefined): readonly string[] =>
    of === undefined
      ? []
      : tuples
          .of(object, of.name)
          .filter((tuple) => of.directTypes.some((direct) => allows(direct, tuple)))
          .map((tuple) => tuple.user);

  const visit = (rewrite: Rewrite): UsersetTree => {
    switch (rewrite.kind) {
      case 'direct':
        return { name, kind: 'users', users: users(definition) };
      case 'computed':
        return { name, kind: 'computed', userset: `${object}#${rewrite.relation}` };
      case 'tuple_to_userset':
        return {
          name,
          kind: 'tuple_to_userset',
          tupleset: `${object}#${rewrite.tupleset}`,
          computed: users(type.relations.get(rewrite.tupleset)).map((parent) => `${parent}#${rewrite.computed}`),
        };
      case 'union':
      case 'intersection':
        return { name, kind: rewrite.kind, nodes: rewrite.children.map(visit) };
      case 'exclusion':
        return { name, kind: 'difference', base: visit(rewrite.base), subtract: visit(rewrite.subtract) };
    }
  };
  return visit(definition.rewrite);
}
