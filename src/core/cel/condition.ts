/** A condition is true, false or an error (design, section 1: fail closed). Never anything else. */
export type ConditionValue =
  | { readonly kind: 'true' }
  | { readonly kind: 'false' }
  | { readonly kind: 'error'; readonly expression: string; readonly message: string };

/** A condition as the path records it. */
export interface ConditionTrace {
  /** The CEL source, or a summary of a match tree such as `all(a, b)`. */
  readonly expression: string;
  readonly value: 'true' | 'false' | 'error';
  readonly error?: string;
}
