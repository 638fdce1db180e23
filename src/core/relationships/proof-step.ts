import type { ProofStep, Relationship } from './membership.ts';
import { userText } from './tuple-graph.ts';
import type { Node, Walk } from './walk.ts';

/** The step of a proof through a rewrite of the question at hand. */
export function toStep(walk: Walk, node: Node, via: ProofStep['via']): ProofStep {
  return { object: walk.text(node.object), relation: node.relation.name, via };
}

/** The same by a stored relationship of a row of the object. */
export function toTupleStep(walk: Walk, node: Node, via: ProofStep['via'], row: number, user: number): ProofStep {
  const { graph } = walk;
  const object = walk.text(node.object);
  const relation = graph.kinds.relationName(graph.kindOf(row));
  const condition = graph.condition(row, user);
  const tuple: Relationship = { user: userText(graph, user), relation, object };
  const relationship = condition === undefined ? tuple : { ...tuple, condition };
  return { object, relation: node.relation.name, via, relationship };
}
