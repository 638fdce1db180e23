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
  const exact = evaluateUser(walk, node, subject.text, 'direct');
  if (exact.kind === 'yes') return exact;
  const everybody = subject.wildcard === undefined ? NO : evaluateUser(walk, node, subject.wildcard, 'wildcard');
  if (everybody.kind === 'yes') return everybody;
  let unknown: Unknown | undefined =
    exact.kind === 'unknown' ? exact : everybody.kind === 'unknown' ? everybody : undefined;
  for (const tuple of tuples.usersets(object, relation.name)) {
    const outcome = walk.spend() ?? evaluateUserset(walk, node, tuple);
    if (outcome.kind === 'yes') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}

function evaluateUser(walk: Walk, node: Node, user: string, via: 'direct' | 'wildcard'): Outcome {
  const { relation, object } = node;
  const { type } = walk.subject;
  // Most relations allow no wildcard, and many not the subject's type: no need to look then.
  if (!relation.directTypes.some((direct) => direct.type === type && (via === 'direct' || direct.wildcard))) return NO;
  const tuple = walk.tuples.find(user, relation.name, object);
  if (tuple === undefined) return NO;
  const admission = walk.admit(tuple, relation);
  return admission.kind === 'yes' ? yes(toStep(node, via, tuple)) : admission;
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

function toStep(node: Node, via: ProofStep['via'], relationship: Relationship): ProofStep {
  return { object: node.object, relation: node.relation.name, via, relationship };
}
