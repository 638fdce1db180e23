import type { Problem } from '../problem.ts';
import type { DirectType, ModelCondition, Rewrite } from './model.ts';

/** A model as it was written: read, but not yet checked. What is in it may contradict itself. */
export interface SourceModel {
  readonly types: readonly SourceType[];
  readonly conditions: readonly SourceCondition[];
}

export interface SourceType {
  readonly name: string;
  readonly relations: readonly SourceRelation[];
  readonly place: Place;
}

export interface SourceRelation {
  readonly name: string;
  /** Absent where it could not be read: the relation exists, and its own problem is reported already. */
  readonly rewrite: Rewrite | undefined;
  readonly directTypes: readonly DirectType[];
  readonly place: Place;
  /** Where `word` stands in the definition, inside `phrase` if that is given. */
  readonly find: (word: string, phrase?: string) => Place;
}

export interface SourceCondition extends ModelCondition {
  readonly place: Place;
  /** Where its expression begins. */
  readonly expressionPlace: Place;
}

/** Where something stands; empty for a model that came as JSON. */
export type Place = Pick<Problem, 'file' | 'line' | 'column'>;

/** Finds places in the text of a model. */
export interface Places {
  type(name: string): Place;
  relation(type: string, relation: string): Place;
  word(type: string, relation: string, word: string, phrase?: string): Place;
  condition(name: string): Place;
  expression(condition: string): Place;
}

/** The places of a model without text. */
export const NOWHERE: Places = {
  type: () => ({}),
  relation: () => ({}),
  word: () => ({}),
  condition: () => ({}),
  expression: () => ({}),
};
