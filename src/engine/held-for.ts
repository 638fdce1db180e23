import { isSet } from '../core/delegation/delegation.ts';
import type { DelegationNode } from '../core/delegation/node.ts';
import { matchesPattern } from '../core/delegation/patterns.ts';
import type { EntityId } from '../core/entity.ts';
import { Budget } from '../core/limits.ts';
import { membership } from '../core/relationships/membership-check.ts';
import type { Snapshot } from '../core/snapshot.ts';

/**
 * Whether a delegation is held for an origin at this state: it is the one that it is for, or surely a member of the
 * set that its root is a template for (design, section 2). As the walk judges it, outside of a decision.
 *
 * @param now milliseconds since 1970
 */
export function isHeldFor(node: DelegationNode, origin: EntityId, snapshot: Snapshot, now: number): boolean {
  if (node.origin !== undefined && node.origin !== origin) return false;
  const set = node.chain[0]?.delegation.from ?? '';
  if (!isSet(set)) return set === origin;
  if (set.endsWith(':*')) return matchesPattern(set, origin);
  const { model } = snapshot.bundle;
  if (model === undefined) return false;
  const hash = set.indexOf('#');
  const query = { subject: origin, relation: set.slice(hash + 1), object: set.slice(0, hash), context: {} };
  return membership(query, model, snapshot.tuples, { now, budget: new Budget() }).kind === 'yes';
}
