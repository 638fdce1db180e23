import type { PlannedRelation } from '../model-plan.ts';
import { NO, type Outcome, type Unknown, yes } from '../outcome.ts';
import { toTupleStep } from '../proof-step.ts';
import type { Node, Walk } from '../walk.ts';

/**
 * A relation of the objects that this one is related to (`define viewer: viewer from parent`), in the order of their
 * text. A userset there is no object, so it has no relations.
 */
export function evaluateTupleToUserset(
  walk: Walk,
  node: Node,
  tupleset: PlannedRelation | undefined,
  computed: readonly (PlannedRelation | undefined)[],
): Outcome {
  if (tupleset === undefined) return NO;
  const row = walk.graph.row(node.object, tupleset.kind);
  if (row < 0) return NO;
  let unknown: Unknown | undefined;
  for (const parent of walk.graph.members(row)) {
    const outcome = walk.spend() ?? evaluateParent(walk, node, row, parent, tupleset, computed);
    if (outcome.kind === 'yes') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}

function evaluateParent(
  walk: Walk,
  node: Node,
  row: number,
  parent: number,
  tupleset: PlannedRelation,
  computed: readonly (PlannedRelation | undefined)[],
): Outcome {
  const admission = walk.admit(row, parent, tupleset);
  if (admission.kind === 'no') return admission;
  const relation = computed[walk.graph.typeOf(parent)];
  // Parents whose type has no such relation add nothing.
  const outcome = relation === undefined ? (walk.spend() ?? NO) : walk.ask(parent, relation);
  if (outcome.kind === 'no') return outcome;
  if (admission.kind === 'unknown') return admission;
  if (outcome.kind === 'unknown') return outcome;
  return yes(toTupleStep(walk, node, 'tuple_to_userset', row, parent), outcome.proof);
}
