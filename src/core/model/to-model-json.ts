import type { DirectType, Model, ParameterType, Relation, Rewrite } from './model.ts';

/** A model in OpenFGA's JSON form (API message AuthorizationModel, without its id). */
export interface ModelJson {
  readonly schema_version: string;
  readonly type_definitions: readonly TypeJson[];
  readonly conditions: { readonly [name: string]: ConditionJson };
}

interface TypeJson {
  readonly type: string;
  readonly relations: { readonly [name: string]: RewriteJson };
  readonly metadata: null | {
    readonly relations: {
      readonly [name: string]: { readonly directly_related_user_types: readonly DirectTypeJson[] };
    };
  };
}

interface DirectTypeJson {
  readonly type: string;
  readonly relation?: string;
  readonly wildcard?: object;
  readonly condition: string;
}

type RewriteJson =
  | { readonly this: object }
  | { readonly computedUserset: RelationJson }
  | { readonly tupleToUserset: { readonly tupleset: RelationJson; readonly computedUserset: RelationJson } }
  | { readonly union: { readonly child: readonly RewriteJson[] } }
  | { readonly intersection: { readonly child: readonly RewriteJson[] } }
  | { readonly difference: { readonly base: RewriteJson; readonly subtract: RewriteJson } };

interface RelationJson {
  readonly object: '';
  readonly relation: string;
}

interface ConditionJson {
  readonly name: string;
  readonly expression: string;
  readonly parameters: { readonly [name: string]: ParameterJson };
}

interface ParameterJson {
  readonly type_name: string;
  readonly generic_types: readonly ParameterJson[];
}

/** The JSON form of a model, as OpenFGA answers it: what is not set is there and empty. */
export function toModelJson(model: Model, schemaVersion: string): ModelJson {
  return {
    schema_version: schemaVersion,
    type_definitions: [...model.types.values()].map(({ name, relations }) => ({
      type: name,
      relations: mapped(relations, ({ rewrite }) => toRewrite(rewrite)),
      metadata: relations.size === 0 ? null : { relations: mapped(relations, toMetadata) },
    })),
    conditions: mapped(model.conditions, ({ name, expression, parameters }) => ({
      name,
      expression,
      parameters: mapped(parameters, toParameterType),
    })),
  };
}

function mapped<T, U>(map: ReadonlyMap<string, T>, to: (value: T) => U): { readonly [name: string]: U } {
  return Object.fromEntries([...map].map(([name, value]) => [name, to(value)]));
}

function toMetadata({ directTypes }: Relation) {
  return { directly_related_user_types: directTypes.map(toDirectType) };
}

function toDirectType({ type, relation, wildcard, condition = '' }: DirectType): DirectTypeJson {
  return {
    type,
    ...(relation === undefined ? undefined : { relation }),
    ...(wildcard ? { wildcard: {} } : undefined),
    condition,
  };
}

function toRewrite(rewrite: Rewrite): RewriteJson {
  switch (rewrite.kind) {
    case 'direct':
      return { this: {} };
    case 'computed':
      return { computedUserset: toRelation(rewrite.relation) };
    case 'tuple_to_userset':
      return {
        tupleToUserset: { tupleset: toRelation(rewrite.tupleset), computedUserset: toRelation(rewrite.computed) },
      };
    case 'union':
      return { union: { child: rewrite.children.map(toRewrite) } };
    case 'intersection':
      return { intersection: { child: rewrite.children.map(toRewrite) } };
    case 'exclusion':
      return { difference: { base: toRewrite(rewrite.base), subtract: toRewrite(rewrite.subtract) } };
  }
}

function toRelation(relation: string): RelationJson {
  return { object: '', relation };
}

function toParameterType({ name, of }: ParameterType): ParameterJson {
  return {
    type_name: `TYPE_NAME_${name.toUpperCase()}`,
    generic_types: of === undefined ? [] : [toParameterType(of)],
  };
}
