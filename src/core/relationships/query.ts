import type { EntityId } from '../entity.ts';
import type { Budget } from '../limits.ts';

/** Has `subject` the relation to `object`? */
export interface MembershipQuery {
  /** An entity, `type:*` (everybody of a type) or a userset `type:id#relation`. */
  readonly subject: string;
  readonly relation: string;
  readonly object: EntityId;
  /** For conditions; what a relationship stored with its condition wins. */
  readonly context?: { readonly [key: string]: unknown };
}

/** What membership takes from the decision that asks. */
export interface MembershipHost {
  /** Milliseconds since 1970, the decision's time. A condition sees time only where the request's context has it. */
  readonly now: number;
  readonly budget: Budget;
}

/** A subject taken apart once, since every step compares it. */
export interface Subject {
  /** As it stands in relationships. */
  readonly text: string;
  readonly type: string;
  /** `type:*`, by which relationships with everybody of the subject's type count; none for a userset (OpenFGA). */
  readonly wildcard: string | undefined;
  /** Of a userset, `group:x` and `member` of `group:x#member`. */
  readonly object: EntityId | undefined;
  readonly relation: string | undefined;
}

export function toSubject(text: string): Subject {
  const type = text.slice(0, text.indexOf(':'));
  const hash = text.indexOf('#');
  return hash < 0
    ? { text, type, wildcard: `${type}:*`, object: undefined, relation: undefined }
    : { text, type, wildcard: undefined, object: text.slice(0, hash), relation: text.slice(hash + 1) };
}
