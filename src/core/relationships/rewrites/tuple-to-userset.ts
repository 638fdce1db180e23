import { typeOf } from '../../entity.ts';
import type { Relation } from '../../model/model.ts';
import type { Relationship } from '../membership.ts';
import { NO, type Outcome, type Unknown, yes } from '../outcome.ts';
import type { Node, Walk } from '../walk.ts';

/**
 * A relation of the objects that this one is related to (`define viewer: viewer from parent`), in the order of their
 * text. Parents whose type has no such relation add nothing.
 */
export function evaluateTupleToUserset(walk: Walk, node: Node, tupleset: string, computed: string): Outcome {
  const parents = walk.model.types.get(node.type)?.relations.get(tupleset);
  if (parents === undefined) return NO;
  let unknown: Unknown | undefined;
  for (const tuple of walk.tuples.of(node.object, tupleset)) {
    const outcome = walk.spend() ?? evaluateParent(walk, node, tuple, parents, computed);
    if (outcome.kind === 'yes') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}

function evaluateParent(walk: Walk, node: Node, tuple: Relationship, parents: Relation, computed: string): Outcome {
  const admission = walk.admit(tuple, parents);
  if (admission.kind === 'no') return admission;
  const outcome = walk.enter(tuple.user, typeOf(tuple.user), computed);
  if (outcome.kind === 'no') return outcome;
  if (admission.kind === 'unknown') return admission;
  if (outcome.kind === 'unknown') return outcome;
  const step = {
    object: node.object,
    relation: node.relation.name,
    via: 'tuple_to_userset',
    relationship: tuple,
  } as const;
  return yes(step, outcome.proof);
}
