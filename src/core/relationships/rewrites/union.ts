import type { Rewrite } from '../../model/model.ts';
import { NO, type Outcome, type Unknown, yes } from '../outcome.ts';
import type { Node, Walk } from '../walk.ts';

/** Any of the children: yes beats unknown, unknown beats no. */
export function evaluateUnion(walk: Walk, node: Node, children: readonly Rewrite[]): Outcome {
  let unknown: Unknown | undefined;
  for (const child of children) {
    const outcome = walk.evaluate(child, node);
    if (outcome.kind === 'yes') {
      return yes({ object: node.object, relation: node.relation.name, via: 'union' }, outcome.proof);
    }
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}
