import type { DirectType, Model, Relation, Rewrite } from '../model/model.ts';

/** What numbers types and kinds (core/relationships/kinds.ts). */
export interface Numbers {
  type(name: string): number;
  kind(type: number, relation: string): number;
}

/** A relation whose rewrites lead to each other directly, by number instead of by name. */
export interface PlannedRelation {
  readonly relation: Relation;
  readonly name: string;
  readonly type: string;
  /** The number of `type#name`. */
  readonly kind: number;
  readonly rewrite: PlannedRewrite;
  readonly direct: readonly PlannedDirect[];
}

/** A type restriction: entities of a type (`kind` -1), everybody of it, or the usersets of one kind. */
export interface PlannedDirect {
  readonly type: number;
  readonly kind: number;
  readonly wildcard: boolean;
  readonly condition: string | undefined;
}

export type PlannedRewrite =
  | { readonly kind: 'direct' }
  | { readonly kind: 'computed'; readonly relation: PlannedRelation | undefined }
  | {
      readonly kind: 'tuple_to_userset';
      readonly tupleset: PlannedRelation | undefined;
      /** By the number of the parent's type; nothing where that type has no such relation. */
      readonly computed: readonly (PlannedRelation | undefined)[];
    }
  | { readonly kind: 'union'; readonly children: readonly PlannedRewrite[] }
  | { readonly kind: 'intersection'; readonly children: readonly PlannedRewrite[] }
  | { readonly kind: 'exclusion'; readonly base: PlannedRewrite; readonly subtract: PlannedRewrite };

export class ModelPlan {
  readonly model: Model;
  private readonly byName: ReadonlyMap<string, ReadonlyMap<string, PlannedRelation>>;
  private readonly byKind: readonly (PlannedRelation | undefined)[];

  constructor(
    model: Model,
    byName: ReadonlyMap<string, ReadonlyMap<string, PlannedRelation>>,
    byKind: readonly (PlannedRelation | undefined)[],
  ) {
    this.model = model;
    this.byName = byName;
    this.byKind = byKind;
  }

  /** More than the number of any relation here. */
  get width(): number {
    return this.byKind.length;
  }

  find(type: string, relation: string): PlannedRelation | undefined {
    return this.byName.get(type)?.get(relation);
  }

  /** The relation of a kind; nothing where the model does not have it (any more). */
  of(kind: number): PlannedRelation | undefined {
    return this.byKind[kind];
  }
}

/** Numbers the model's relations and resolves what their rewrites name. */
export function planModel(model: Model, numbers: Numbers): ModelPlan {
  const byName = new Map<string, Map<string, PlannedRelation>>();
  const byKind: (PlannedRelation | undefined)[] = [];
  const open: { -readonly [K in keyof PlannedRelation]: PlannedRelation[K] }[] = [];
  for (const [type, { relations }] of model.types) {
    const planned = new Map<string, PlannedRelation>();
    byName.set(type, planned);
    for (const [name, relation] of relations) {
      const kind = numbers.kind(numbers.type(type), name);
      const direct = relation.directTypes.map((restriction) => planDirect(restriction, numbers));
      const one = { relation, name, type, kind, rewrite: { kind: 'direct' } as PlannedRewrite, direct };
      planned.set(name, one);
      byKind[kind] = one;
      open.push(one);
    }
  }
  // Relations lead to each other in circles: each is there before the rewrites are resolved.
  for (const one of open) one.rewrite = planRewrite(one.relation.rewrite, one.type, byName, numbers);
  return new ModelPlan(model, byName, Array.from(byKind));
}

function planDirect({ type, relation, wildcard, condition }: DirectType, numbers: Numbers): PlannedDirect {
  const number = numbers.type(type);
  return { type: number, kind: relation === undefined ? -1 : numbers.kind(number, relation), wildcard, condition };
}

function planRewrite(
  rewrite: Rewrite,
  type: string,
  byName: ReadonlyMap<string, ReadonlyMap<string, PlannedRelation>>,
  numbers: Numbers,
): PlannedRewrite {
  const again = (child: Rewrite): PlannedRewrite => planRewrite(child, type, byName, numbers);
  switch (rewrite.kind) {
    case 'direct':
      return { kind: 'direct' };
    case 'computed':
      return { kind: 'computed', relation: byName.get(type)?.get(rewrite.relation) };
    case 'tuple_to_userset': {
      const computed: (PlannedRelation | undefined)[] = [];
      for (const [parent, relations] of byName) computed[numbers.type(parent)] = relations.get(rewrite.computed);
      const tupleset = byName.get(type)?.get(rewrite.tupleset);
      return { kind: 'tuple_to_userset', tupleset, computed: Array.from(computed) };
    }
    case 'union':
    case 'intersection':
      return { kind: rewrite.kind, children: rewrite.children.map(again) };
    case 'exclusion':
      return { kind: 'exclusion', base: again(rewrite.base), subtract: again(rewrite.subtract) };
  }
}
