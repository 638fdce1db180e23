import { NO, type Outcome, type Unknown, yes } from '../outcome.ts';
import { toTupleStep } from '../proof-step.ts';
import { NOBODY } from '../subject-numbers.ts';
import type { Node, Walk } from '../walk.ts';

/**
 * Stored relationships of the object: with the subject itself, with everybody of its type, then with usersets that
 * it may be a member of, in the order of their text.
 */
export function evaluateDirect(walk: Walk, node: Node): Outcome {
  const { row } = node;
  if (row < 0) return NO;
  const exact = evaluateUser(walk, node, walk.subject.user, 'direct');
  if (exact.kind === 'yes') return exact;
  const everybody = evaluateUser(walk, node, walk.subject.everybody, 'wildcard');
  if (everybody.kind === 'yes') return everybody;
  let unknown: Unknown | undefined =
    exact.kind === 'unknown' ? exact : everybody.kind === 'unknown' ? everybody : undefined;
  for (const target of walk.graph.usersets(row)) {
    const outcome = walk.spend() ?? evaluateUserset(walk, node, target);
    if (outcome.kind === 'yes') return outcome;
    if (outcome.kind === 'unknown') unknown ??= outcome;
  }
  return unknown ?? NO;
}

function evaluateUser(walk: Walk, node: Node, user: number, via: 'direct' | 'wildcard'): Outcome {
  const { row, relation } = node;
  if (user === NOBODY || !walk.graph.has(row, user)) return NO;
  const admission = walk.admit(row, user, relation);
  return admission.kind === 'yes' ? yes(toTupleStep(walk, node, via, row, user)) : admission;
}

/** The subject is in if the relationship counts and the subject is a member of its userset. */
function evaluateUserset(walk: Walk, node: Node, target: number): Outcome {
  const { row, relation } = node;
  const admission = walk.admit(row, ~target, relation);
  if (admission.kind === 'no') return admission;
  const member = walk.askRow(target);
  if (member.kind === 'no') return member;
  if (admission.kind === 'unknown') return admission;
  return member.kind === 'unknown' ? member : yes(toTupleStep(walk, node, 'userset', row, ~target), member.proof);
}
