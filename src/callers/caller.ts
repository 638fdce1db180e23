import type { EntityId } from '../core/entity.ts';

export const ROLES = ['check', 'delegate', 'audit', 'author', 'administer'] as const;
export type CallerRole = (typeof ROLES)[number];

export const ASSERTABLE = ['roles', 'attributes', 'scope'] as const;
export type Assertable = (typeof ASSERTABLE)[number];

/** Who is asking: the owner of a credential and what it may say (design, section 3). */
export interface Caller {
  readonly id: string;
  /**
   * What it proved itself with, for the records of what it does: `key:` and the first 16 digits of the key's hash, `dev`,
   * or `process` for the command that opens the store itself. Set when it comes, never stored.
   */
  readonly credential?: string;
  readonly roles: readonly CallerRole[];
  /** The caller is this principal, and names only itself as actor. */
  readonly principal?: EntityId;
  /** Patterns of the actors that it may name. Absent or empty: none but its own principal. */
  readonly actors: readonly string[];
  /** Patterns of the origins that it may name. */
  readonly origins: readonly string[];
  /** Patterns of the origins whose presence it vouches for. */
  readonly vouches: readonly string[];
  /** May ask for a human without an agent. */
  readonly direct: boolean;
  readonly asserts: readonly Assertable[];
  /** What the bare agent names of its requests mean (AuthZEN's COAZ shape lets `context.agent` be a string). */
  readonly agents?: { readonly [name: string]: EntityId };
  /** `observe` answers allow whatever was decided, and records both: for roll-out. */
  readonly mode: 'enforce' | 'observe';
}
