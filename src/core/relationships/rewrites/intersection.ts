import type { PlannedRewrite } from '../model-plan.ts';
import { type Outcome, type Proof, type Unknown, yes } from '../outcome.ts';
import { toStep } from '../proof-step.ts';
import type { Node, Walk } from '../walk.ts';

/** All of the children: no beats unknown, unknown beats yes. The proof has a part for each. */
export function evaluateIntersection(walk: Walk, node: Node, children: readonly PlannedRewrite[]): Outcome {
  const parts: Proof[] = [];
  let unknown: Unknown | undefined;
  for (const child of children) {
    const outcome = walk.evaluate(child, node);
    if (outcome.kind === 'no') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
    else parts.push(outcome.proof);
  }
  return unknown ?? yes(toStep(walk, node, 'intersection'), ...parts);
}
