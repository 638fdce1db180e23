import { typeOf } from '../../entity.ts';
import type { ProofStep, Relationship } from '../membership.ts';
import { NO, type Outcome, type Unknown, yes } from '../outcome.ts';
import type { Node, Walk } from '../walk.ts';

/**
 * Stored relationships of the object: with the subject itself, with everybody of its type, then with usersets that
 * it may be a member of, in the order of their text.
 */
export function evaluateDirect(walk: Walk, node: Node): Outcome {
  const { subject, tuples } = walk;
  const { object, relation } = node;
  let unknown: Unknown | undefined;
  for (const [user, via] of [
    [subject.text, 'direct'],
    [subject.wildcard, 'wildcard'],
  ] as const) {
    const tuple = user === undefined ? undefined : tuples.find(user, relation.name, object);
    const admission = tuple === undefined ? NO : walk.admit(tuple, relation);
    if (admission.kind === 'yes') return yes(toStep(node, via, tuple));
    if (admission.kind === 'unknown') unknown ??= admission;
  }
  for (const tuple of tuples.usersets(object, relation.name)) {
    const outcome = walk.spend() ?? evaluateUserset(walk, node, tuple);
    if (outcome.kind === 'yes') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}

/** The subject is in if the relationship counts and the subject is a member of its userset. */
function evaluateUserset(walk: Walk, node: Node, tuple: Relationship): Outcome {
  const admission = walk.admit(tuple, node.relation);
  if (admission.kind === 'no') return admission;
  const hash = tuple.user.indexOf('#');
  const object = tuple.user.slice(0, hash);
  const member = walk.enter(object, typeOf(object), tuple.user.slice(hash + 1));
  if (member.kind === 'no') return member;
  if (admission.kind === 'unknown') return admission;
  return member.kind === 'unknown' ? member : yes(toStep(node, 'userset', tuple), member.proof);
}

function toStep(node: Node, via: ProofStep['via'], relationship: Relationship | undefined): ProofStep {
  const step = { object: node.object, relation: node.relation.name, via };
  return relationship === undefined ? step : { ...step, relationship };
}
