import type { Model } from '../model/model.ts';
import { type ModelPlan, planModel } from './model-plan.ts';

/** Kinds are pairs: so many relations there can be, beyond what any model has. */
const RELATIONS = 2 ** 20;

export interface KindList {
  readonly types: readonly string[];
  /** The number of the type, and the relation. */
  readonly kinds: readonly (readonly [type: number, relation: string])[];
}

/** Types, relations and kinds (a relation of a type, `group#member`), numbered: few, so they are texts in maps. */
export class Kinds {
  private readonly types = new Numbering();
  private readonly relations = new Numbering();
  private readonly numbers = new Map<number, number>();
  private readonly pairs: { readonly type: number; readonly relation: number; readonly suffix: string }[] = [];
  private readonly plans = new WeakMap<Model, ModelPlan>();

  type(name: string): number {
    return this.types.number(name);
  }

  /** The kind of a relation of a type. */
  kind(type: number, relation: string): number {
    const pair = type * RELATIONS + this.relations.number(relation);
    const known = this.numbers.get(pair);
    if (known !== undefined) return known;
    const kind = this.pairs.length;
    this.pairs.push({ type, relation: this.relations.number(relation), suffix: `#${relation}` });
    this.numbers.set(pair, kind);
    return kind;
  }

  /** The kind of a relation of a type, or -1 where none was ever numbered. */
  find(type: string, relation: string): number {
    const [typeNumber, relationNumber] = [this.types.find(type), this.relations.find(relation)];
    if (typeNumber === undefined || relationNumber === undefined) return -1;
    return this.numbers.get(typeNumber * RELATIONS + relationNumber) ?? -1;
  }

  relationName(kind: number): string {
    return this.suffix(kind).slice(1);
  }

  /** `#member` of `group#member`. */
  suffix(kind: number): string {
    return this.pairs[kind]?.suffix ?? '';
  }

  /** All types and kinds in the order of their numbers; numbered in this order they get the same ones again. */
  list(): KindList {
    const kinds = this.pairs.map(({ type, suffix }): [number, string] => [type, suffix.slice(1)]);
    return { types: this.types.names, kinds };
  }

  /** The model with its relations numbered; made once. */
  plan(model: Model): ModelPlan {
    let plan = this.plans.get(model);
    if (plan === undefined) {
      plan = planModel(model, this);
      this.plans.set(model, plan);
    }
    return plan;
  }
}

class Numbering {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  number(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = this.names.length;
    this.names.push(name);
    this.numbers.set(name, number);
    return number;
  }

  find(name: string): number | undefined {
    return this.numbers.get(name);
  }
}
