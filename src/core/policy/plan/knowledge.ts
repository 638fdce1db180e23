import type { Host } from '../../cel/program.ts';
import { type Syntax, toLiteral } from '../../cel/syntax.ts';
import type { Attributes } from '../../entity.ts';

/**
 * What is known of an expression. `residual` says the rest: for a known value that can be written down the value, else
 * the expression with everything evaluated that could be.
 */
export type Partial =
  | { readonly kind: 'known'; readonly value: unknown; readonly residual: Syntax }
  | { readonly kind: 'unknown'; readonly residual: Syntax }
  | { readonly kind: 'error'; readonly message: string; readonly residual: Syntax };

/** What a plan knows: everything but the resource, and of that its kind, scope and the attributes given. */
export interface Knowledge {
  readonly roots: { readonly [name: string]: unknown };
  /** `request` without its resource. */
  readonly request: { readonly [field: string]: unknown };
  /** The fields of `R` that are known, besides attributes. */
  readonly resource: { readonly [field: string]: unknown };
  readonly attributes: Attributes;
  /** Variables of the comprehensions around: bound to a value, or unknown. */
  readonly locals: ReadonlyMap<string, { readonly value: unknown } | undefined>;
  readonly host: Host;
  /**
   * Evaluates also what an evaluation passes by: the branches of a conditional whose condition is unknown, the keys
   * looked up in an unknown map. Cerbos leaves those in terms of the principal.
   */
  readonly thorough: boolean;
}

/** A known value; `otherwise` where it has no literal. */
export function known(value: unknown, otherwise: Syntax): Partial {
  return { kind: 'known', value, residual: toLiteral(value) ?? otherwise };
}

export function failed(message: string, residual: Syntax): Partial {
  return { kind: 'error', message, residual };
}

/**
 * Stands, in a thorough evaluation, for an operand that is in error whatever the resource is. No source can spell it.
 */
export const ERROR: Syntax = { kind: 'variable', name: '@error' };

/** Of a thorough evaluation: false where its operand has a value, in error where it has none. */
export const NEVER = '@never';
