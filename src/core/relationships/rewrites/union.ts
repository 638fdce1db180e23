import type { PlannedRewrite } from '../model-plan.ts';
import { NO, type Outcome, type Unknown, yes } from '../outcome.ts';
import { toStep } from '../proof-step.ts';
import type { Node, Walk } from '../walk.ts';

/** Any of the children: yes beats unknown, unknown beats no. */
export function evaluateUnion(walk: Walk, node: Node, children: readonly PlannedRewrite[]): Outcome {
  let unknown: Unknown | undefined;
  for (const child of children) {
    const outcome = walk.evaluate(child, node);
    if (outcome.kind === 'yes') {
      return yes(toStep(walk, node, 'union'), outcome.proof);
    }
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}
