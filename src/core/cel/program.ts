import type { EntityId } from '../entity.ts';
import type { Budget, LimitName } from '../limits.ts';
import type { Membership } from '../relationships/membership.ts';
import type { Syntax } from './syntax.ts';
import type { Unknowns } from './unknown.ts';

/** What a running program may ask of the decision that it runs in. */
export interface Host {
  /** Milliseconds since 1970: `now()`. */
  readonly now: number;
  /** `related(subject, relation, object)`; unknown becomes an error of the expression. */
  readonly related: (subject: EntityId, relation: string, object: EntityId) => Membership;
  readonly budget: Budget;
  /** Where the question leaves something open: what tells that an evaluation came upon it. */
  readonly unknowns?: Unknowns | undefined;
}

/** The variables of a policy or delegation expression. `request.principal` is `P`, `request.resource` is `R`. */
export interface Bindings {
  readonly request: {
    readonly principal: unknown;
    readonly resource: unknown;
    readonly action: unknown;
    readonly context: unknown;
    readonly auxData: unknown;
  };
  readonly P: unknown;
  readonly R: unknown;
  /** The delegation path: origin, actor, path, depth. */
  readonly D: unknown;
  readonly V: unknown;
  readonly variables: unknown;
  readonly C: unknown;
  readonly constants: unknown;
  readonly G: unknown;
  readonly globals: unknown;
  readonly runtime: unknown;
}

export type CelOutcome = KnownOutcome | UnknownOutcome;

export type KnownOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string; readonly limit?: LimitName };

/** Any value or an error, as what the question leaves open turns out. */
export interface UnknownOutcome {
  readonly kind: 'unknown';
  /** All that comes out if it is not an error. */
  readonly barringError?: { readonly value: unknown };
}

/** A checked CEL expression. */
export interface Program {
  readonly source: string;
  /** The root variables that it reads, so that what does not depend on `D` can be decided once. */
  readonly reads: ReadonlySet<string>;
  /** Never throws. Spends from the host's budget. */
  run(bindings: Bindings, host: Host): CelOutcome;
  /** The expression as data, for partial evaluation. */
  syntax(): Syntax;
}
