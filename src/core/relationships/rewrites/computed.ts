import type { PlannedRelation } from '../model-plan.ts';
import { NO, type Outcome, yes } from '../outcome.ts';
import { toStep } from '../proof-step.ts';
import type { Node, Walk } from '../walk.ts';

/** Another relation of the same object (`define viewer: editor`). */
export function evaluateComputed(walk: Walk, node: Node, relation: PlannedRelation | undefined): Outcome {
  const outcome = relation === undefined ? (walk.spend() ?? NO) : walk.ask(node.object, relation);
  return outcome.kind === 'yes' ? yes(toStep(walk, node, 'computed'), outcome.proof) : outcome;
}
