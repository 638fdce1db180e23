import type { KnownCondition, UnknownCondition } from '../cel/condition.ts';
import type { Match } from './expression.ts';

/**
 * What a match is, some of whose operands are unknown and none of the others in error. An operand that may be in error
 * may make an error of the whole; barring that, one operand that ends the match decides, else all that do not.
 *
 * @param ended whether an operand that is known ends it: false for `all`, true for `any` and `none`
 */
export function toUnknownMatch(
  match: Match,
  ended: boolean,
  operands: readonly UnknownCondition[],
): KnownCondition | UnknownCondition {
  const [ending, passing] = match.kind === 'all' ? (['false', 'true'] as const) : (['true', 'false'] as const);
  const mayEnd = ended || operands.some(({ mayBe }) => mayBe[ending]);
  const mayPass = !ended && operands.every(({ mayBe }) => mayBe[passing]);
  const error = operands.some(({ mayBe }) => mayBe.error);
  const [ifTrue, ifFalse] = match.kind === 'any' ? [mayEnd, mayPass] : [mayPass, mayEnd];
  if (!error && ifTrue !== ifFalse) return { kind: ifTrue ? 'true' : 'false' };
  return { kind: 'unknown', expression: match.text, mayBe: { true: ifTrue, false: ifFalse, error } };
}
