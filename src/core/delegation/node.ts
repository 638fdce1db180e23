import type { Condition } from '../cel/condition.ts';
import type { EntityId } from '../entity.ts';
import type { Problem } from '../problem.ts';
import type { Result } from '../result.ts';
import type { Activation, Delegation, Revocation } from './delegation.ts';
import type { CompiledPatterns } from './patterns.ts';

/** A delegation's CEL condition, compiled; one that no longer compiles stays and counts as an error. */
export type CompiledCondition = { readonly source: string; readonly compiled: Result<Condition, Problem> };

export interface CompiledCapability {
  readonly actions: CompiledPatterns;
  readonly resources: CompiledPatterns;
  readonly condition: CompiledCondition | undefined;
}

export type Soundness = 'sound' | 'too_deep' | 'unsound';

/** A delegation in its place in the forest, with what follows from its ancestors computed once. */
export interface DelegationNode {
  readonly delegation: Delegation;
  readonly parent: DelegationNode | undefined;
  /** From the root to this one; its length is the number of hops. */
  readonly chain: readonly DelegationNode[];
  /** The only origin it can be held for; undefined: any member of the root's `from`. */
  readonly origin: EntityId | undefined;
  /** The whole chain's window, half-open, milliseconds: [max not_before, min expires_at). */
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly capabilities: readonly CompiledCapability[];
  readonly condition: CompiledCondition | undefined;
  /** Some condition of it, or of those above it, looks at `D`. */
  readonly chainReadsPath: boolean;
  /** `onward_to`, where it is bounded. */
  readonly onwardTo: CompiledPatterns | undefined;
  readonly children: DelegationNode[];
  /**
   * Whether it can be part of a path: one origin, connected, nobody twice, not too deep. What is not sound is kept
   * by id and adds no authority (invariants 11 to 14); what is too deep, and nothing else, is told in denials.
   */
  readonly soundness: Soundness;
  /** Its own revocation for everybody. */
  ownRevocation: Revocation | undefined;
  /** What killed it: the earliest revocation for everybody on its chain. */
  revoked: Revocation | undefined;
  /** The longest session that opens it, milliseconds: the least `max_session` of its chain. */
  readonly maxSessionMs: number;
  /** Revocations by one origin for itself, on this very delegation. */
  readonly withdrawn: Map<EntityId, Revocation>;
  /** Activations on this very delegation that have not been ended by hand. */
  readonly activations: Map<EntityId, Activation[]>;
}

/**
 * Whether every delegation of the chain is alive for `origin` at `now` (ms): not revoked, not withdrawn by it,
 * inside the window (design, section 1). What is held, open and covered is judged by the walk.
 */
export function isAlive(node: DelegationNode, origin: EntityId, now: number): boolean {
  if (node.revoked !== undefined || now < node.notBefore || now >= node.expiresAt) return false;
  return !node.chain.some((edge) => edge.withdrawn.has(origin));
}

/**
 * The activation that opens this delegation for `origin` at `now`: the one that lasts longest. None opens it for
 * longer than `max_session` allows, whatever is stored.
 */
export function liveActivation(node: DelegationNode, origin: EntityId, now: number): Activation | undefined {
  let best: Activation | undefined;
  for (const activation of node.activations.get(origin) ?? []) {
    const end = Math.min(activation.expires_at, activation.created_at + node.maxSessionMs);
    if (now >= end || now < activation.created_at) continue;
    if (
      best === undefined ||
      activation.expires_at > best.expires_at ||
      (activation.expires_at === best.expires_at && activation.id < best.id)
    ) {
      best = activation;
    }
  }
  return best;
}
