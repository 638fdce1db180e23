import type { Caller, CallerRole } from '../callers/caller.ts';
import type { DelegationNode } from '../core/delegation/node.ts';
import { matchesPattern } from '../core/delegation/patterns.ts';
import type { EntityId } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Failure, failure } from './failure.ts';
import { isHeldFor } from './held-for.ts';

/** Who may do what: the table of design section 2 and the roles of section 3, in one place. */

export function hasRole(caller: Caller, ...roles: readonly CallerRole[]): boolean {
  return roles.some((role) => caller.roles.includes(role));
}

/** Refuses callers that have none of the roles. */
export function requireRole(caller: Caller, ...roles: readonly CallerRole[]): Result<void, Failure> {
  if (hasRole(caller, ...roles)) return ok(undefined);
  return err(failure('forbidden', `the caller ${caller.id} needs the role ${roles.join(' or ')}`));
}

/** Sees paths, conditions and values of everybody. */
export function seesEverything(caller: Caller): boolean {
  return hasRole(caller, 'audit', 'administer');
}

export function matchesAny(patterns: readonly string[], entity: EntityId): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, entity));
}

/** Whether the caller speaks for `origin`: is it, or vouches for it. */
export function speaksFor(caller: Caller, origin: EntityId): boolean {
  return caller.principal === origin || matchesAny(caller.vouches, origin);
}

/**
 * Whether the caller is nobody but those that hold the delegation, or something below it, for another one: it is such a
 * principal, or may name such actors only, each by its name.
 */
export function isHolderFor({ principal, actors }: Caller, origin: EntityId, node: DelegationNode): boolean {
  if (principal === origin) return false;
  const names = principal === undefined ? actors : [principal];
  return names.length > 0 && names.every((name) => holdsBelow(name, node));
}

function holdsBelow(principal: string, node: DelegationNode): boolean {
  const stack: DelegationNode[] = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.delegation.to === principal) return true;
    stack.push(...next.children);
  }
  return node.chain.some(({ delegation }) => delegation.to === principal);
}

/** A person (or agent) that hands on its own, or an administrator that decides for the organisation. */
export function delegationBasis(caller: Caller, delegator: string): 'person' | 'organisation' | undefined {
  if (hasRole(caller, 'delegate') && caller.principal === delegator) return 'person';
  if (hasRole(caller, 'administer')) return 'organisation';
  return undefined;
}

/** Any delegator up the chain, an administrator; the holder may renounce. */
export function mayRevoke(caller: Caller, node: DelegationNode): boolean {
  if (hasRole(caller, 'administer')) return true;
  if (!hasRole(caller, 'delegate') || caller.principal === undefined) return false;
  return madeOrHolds(caller.principal, node);
}

/** An origin may withdraw for itself. */
export function mayWithdraw(caller: Caller, origin: EntityId): boolean {
  return hasRole(caller, 'administer') || (hasRole(caller, 'delegate') && caller.principal === origin);
}

/** Those who may revoke, whoever it is held for (a template: every member of its set), and auditors. */
export function mayRead(caller: Caller, node: DelegationNode, snapshot: Snapshot, now: number): boolean {
  if (seesEverything(caller)) return true;
  const { principal } = caller;
  if (principal === undefined) return false;
  return madeOrHolds(principal, node) || isHeldFor(node, principal, snapshot, now);
}

/** It is somebody up the chain who handed it on, or holds it. */
export function madeOrHolds(principal: EntityId, node: DelegationNode): boolean {
  return node.delegation.to === principal || node.chain.some(({ delegation }) => delegation.from === principal);
}
