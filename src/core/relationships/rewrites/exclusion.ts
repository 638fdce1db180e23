import type { Rewrite } from '../../model/model.ts';
import { NO, type Outcome, yes } from '../outcome.ts';
import type { Node, Walk } from '../walk.ts';

/** The base without the subtracted part: whoever may be in the subtracted part is not surely in. */
export function evaluateExclusion(walk: Walk, node: Node, base: Rewrite, subtract: Rewrite): Outcome {
  const inside = walk.evaluate(base, node);
  if (inside.kind === 'no') return inside;
  const excluded = walk.evaluateNegated(subtract, node);
  if (excluded.kind === 'yes') return NO;
  if (inside.kind === 'unknown') return inside;
  if (excluded.kind === 'unknown') return excluded;
  return yes({ object: node.object, relation: node.relation.name, via: 'exclusion' }, inside.proof);
}
