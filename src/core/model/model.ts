import type { ModelConditionProgram } from '../cel/model-condition.ts';

/**
 * A compiled OpenFGA model, schema 1.1: types, their relations as rewrites, and conditions.
 * Readonly data tagged by `kind`; the evaluator in ../relationships switches over it exhaustively.
 */
export interface Model {
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly conditions: ReadonlyMap<string, ModelCondition>;
  /** The conditions' programs, by name: the same keys as `conditions`. */
  readonly programs: ReadonlyMap<string, ModelConditionProgram>;
}

export interface TypeDefinition {
  readonly name: string;
  readonly relations: ReadonlyMap<string, Relation>;
}

export interface Relation {
  readonly name: string;
  readonly rewrite: Rewrite;
  /** What may be related directly; empty where the rewrite has no `direct` part. */
  readonly directTypes: readonly DirectType[];
  /**
   * Whether an exclusion can be reached from here through computed relations and tuple-to-userset: where it cannot,
   * nobody needs to look for one.
   */
  readonly excludes: boolean;
}

/** One type restriction: `user`, `group#member`, `user:*`, each perhaps `with condition`. */
export interface DirectType {
  readonly type: string;
  readonly relation?: string;
  readonly wildcard: boolean;
  readonly condition?: string;
}

export type Rewrite =
  | { readonly kind: 'direct' }
  | { readonly kind: 'computed'; readonly relation: string }
  | { readonly kind: 'tuple_to_userset'; readonly tupleset: string; readonly computed: string }
  | { readonly kind: 'union'; readonly children: readonly Rewrite[] }
  | { readonly kind: 'intersection'; readonly children: readonly Rewrite[] }
  | { readonly kind: 'exclusion'; readonly base: Rewrite; readonly subtract: Rewrite };

export interface ModelCondition {
  readonly name: string;
  readonly expression: string;
  readonly parameters: ReadonlyMap<string, ParameterType>;
}

/** A condition parameter's type, `list<string>` as {name: 'list', of: {name: 'string'}}. */
export interface ParameterType {
  readonly name:
    | 'any'
    | 'bool'
    | 'string'
    | 'int'
    | 'uint'
    | 'double'
    | 'duration'
    | 'timestamp'
    | 'map'
    | 'list'
    | 'ipaddress'
    | 'bytes';
  readonly of?: ParameterType;
}
