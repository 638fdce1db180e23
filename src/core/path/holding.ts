import { isSet } from '../delegation/delegation.ts';
import { matchesPattern } from '../delegation/patterns.ts';
import type { EntityId } from '../entity.ts';
import type { Membership, ProofStep } from '../relationships/membership.ts';

/** Whether what a root hands on is held for the origin, and by which membership where that is a set's. */
export interface Holding {
  readonly held: boolean;
  readonly proof?: readonly ProofStep[];
}

const HELD: Holding = { held: true };
const NOT_HELD: Holding = { held: false };

/**
 * A root is held for the origin iff it is the delegator, or surely a member of the set now (design, section 2).
 *
 * @param from of the root
 * @param related whether the origin has a relation to an object
 */
export function holdingOf(
  from: string,
  origin: EntityId,
  related: (relation: string, object: EntityId) => Membership,
): Holding {
  if (!isSet(from)) return from === origin ? HELD : NOT_HELD;
  if (from.endsWith(':*')) return matchesPattern(from, origin) ? HELD : NOT_HELD;
  const hash = from.indexOf('#');
  const member = related(from.slice(hash + 1), from.slice(0, hash));
  return member.kind === 'yes' ? { held: true, proof: member.proof } : NOT_HELD;
}
