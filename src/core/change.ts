import type { Activation, Delegation, Revocation } from './delegation/delegation.ts';
import type { Relationship } from './relationships/membership.ts';
import type { EntityRecord } from './snapshot.ts';

/**
 * What a write does, as the store keeps it: each change sets or removes one row. The state at a revision is the
 * rows that were set and not yet removed or replaced at it (design, section 7).
 */
export type Change =
  | { readonly kind: 'relationship'; readonly key: string; readonly value: Relationship | null }
  | { readonly kind: 'delegation'; readonly key: string; readonly value: Delegation }
  | { readonly kind: 'revocation'; readonly key: string; readonly value: Revocation }
  | { readonly kind: 'activation'; readonly key: string; readonly value: Activation | null }
  | { readonly kind: 'entity'; readonly key: string; readonly value: EntityRecord }
  | { readonly kind: 'bundle'; readonly key: 'current'; readonly value: BundleSource }
  | { readonly kind: 'caller'; readonly key: string; readonly value: CallerRow | null };

export const CHANGE_KINDS: readonly Change['kind'][] = [
  'relationship',
  'delegation',
  'revocation',
  'activation',
  'entity',
  'bundle',
  'caller',
];

/** The sources of a bundle, so that any past decision can be taken again. */
export interface BundleSource {
  readonly digest: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** A caller as stored; its shape belongs to the room `callers`, the store only keeps it. */
export interface CallerRow {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** The row key of a relationship: one row per (object, relation, user). */
export function relationshipKey(tuple: Pick<Relationship, 'user' | 'relation' | 'object'>): string {
  return `${tuple.object}#${tuple.relation}@${tuple.user}`;
}

/** The row key of a revocation: one for everybody, and one per origin that withdrew. */
export function revocationKey(delegation: string, origin?: string): string {
  return origin === undefined ? delegation : `${delegation}|${origin}`;
}
