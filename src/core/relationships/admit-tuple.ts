import type { Budget } from '../limits.ts';
import type { DirectType, Model } from '../model/model.ts';
import type { Relationship, RelationshipCondition } from './membership.ts';
import type { PlannedDirect } from './model-plan.ts';
import { NO } from './outcome.ts';
import type { TupleGraph } from './tuple-graph.ts';
import type { Admission } from './walk.ts';

export const ADMITTED: Admission = { kind: 'yes' };

/** Whether one of the type restrictions allows a user of the graph with this condition, or with none. */
export function allowsUser(
  restrictions: readonly PlannedDirect[],
  graph: TupleGraph,
  user: number,
  condition: string | undefined,
): boolean {
  const kind = user < 0 ? graph.kindOf(~user) : -1;
  const type = user < 0 ? -1 : graph.typeOf(user);
  for (const direct of restrictions) {
    if (direct.condition !== condition || direct.kind !== kind) continue;
    if (user < 0 || (direct.type === type && direct.wildcard === graph.isWildcard(user))) return true;
  }
  return false;
}

/**
 * Whether the condition of a stored relationship holds; in error it makes the relationship unknown.
 *
 * @param context The request's; the context stored with the relationship wins (OpenFGA docs "Conditions").
 */
export function admitCondition(
  { name, context: stored }: RelationshipCondition,
  model: Model,
  context: { readonly [key: string]: unknown },
  budget: Budget,
): Admission {
  const program = model.programs.get(name);
  if (program === undefined) return NO;
  const value = program.evaluate(stored === undefined ? context : { ...context, ...stored }, budget);
  switch (value.kind) {
    case 'true':
      return ADMITTED;
    case 'false':
      return NO;
    case 'error':
      if (budget.exhausted) return { kind: 'unknown', because: { kind: 'limit', limit: 'decisionSteps' } };
      return { kind: 'unknown', because: { kind: 'error', message: `condition ${name}: ${value.message}` } };
  }
}

/** Whether a type restriction allows this user with this condition, or with none. */
export function allows(direct: DirectType, { user, condition }: Pick<Relationship, 'user' | 'condition'>): boolean {
  if (direct.condition !== condition?.name) return false;
  const { type } = direct;
  if (!user.startsWith(type) || user[type.length] !== ':') return false;
  const hash = user.indexOf('#', type.length);
  if (direct.wildcard) return user.length === type.length + 2 && user.endsWith('*');
  if (direct.relation === undefined) return hash < 0 && !(user.length === type.length + 2 && user.endsWith('*'));
  return hash >= 0 && user.length === hash + 1 + direct.relation.length && user.endsWith(direct.relation);
}
