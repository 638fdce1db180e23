import type { Vocabulary } from '../../core/delegation/check-delegations.ts';
import type { Bundle } from '../../core/snapshot.ts';

/** What a bundle knows, as far as delegations name it. */
export function vocabularyOf({ model, types }: Bundle): Vocabulary {
  return {
    knowsType: (type) => types.has(type),
    knowsRelation: (type, relation) => model?.types.get(type)?.relations.has(relation) === true,
  };
}
