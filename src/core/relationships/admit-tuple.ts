import type { Budget } from '../limits.ts';
import type { DirectType, Model, Relation } from '../model/model.ts';
import type { Relationship } from './membership.ts';
import { NO } from './outcome.ts';
import type { Admission } from './walk.ts';

const ADMITTED: Admission = { kind: 'yes' };

/**
 * Whether a stored relationship counts. One that the model's type restrictions do not allow (any more) does not, and
 * neither does one whose condition is false; a condition in error makes it unknown.
 *
 * @param context The request's; the context stored with the relationship wins (OpenFGA docs "Conditions").
 */
export function admitTuple(
  tuple: Relationship,
  relation: Relation,
  model: Model,
  context: { readonly [key: string]: unknown },
  budget: Budget,
): Admission {
  if (!relation.directTypes.some((direct) => allows(direct, tuple))) return NO;
  if (tuple.condition === undefined) return ADMITTED;
  const { name, context: stored } = tuple.condition;
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
