import type { PlannedRewrite } from '../model-plan.ts';
import { NO, type Outcome, yes } from '../outcome.ts';
import { toStep } from '../proof-step.ts';
import type { Node, Walk } from '../walk.ts';

/** The base without the subtracted part: whoever may be in the subtracted part is not surely in. */
export function evaluateExclusion(walk: Walk, node: Node, base: PlannedRewrite, subtract: PlannedRewrite): Outcome {
  const inside = walk.evaluate(base, node);
  if (inside.kind === 'no') return inside;
  const excluded = walk.evaluateNegated(subtract, node);
  if (excluded.kind === 'yes') return NO;
  if (inside.kind === 'unknown') return inside;
  if (excluded.kind === 'unknown') return excluded;
  return yes(toStep(walk, node, 'exclusion'), inside.proof);
}
