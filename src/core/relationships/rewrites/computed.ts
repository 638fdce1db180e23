import { type Outcome, yes } from '../outcome.ts';
import type { Node, Walk } from '../walk.ts';

/** Another relation of the same object (`define viewer: editor`). */
export function evaluateComputed(walk: Walk, node: Node, relation: string): Outcome {
  const outcome = walk.enter(node.object, node.type, relation);
  if (outcome.kind !== 'yes') return outcome;
  return yes({ object: node.object, relation: node.relation.name, via: 'computed' }, outcome.proof);
}
