import type { LimitName } from '../limits.ts';
import type { Membership, ProofStep, UnknownCause } from './membership.ts';

/** What one rewrite says: membership with its proof still a tree. */
export type Outcome = Yes | No | Unknown;

export interface Yes {
  readonly kind: 'yes';
  readonly proof: Proof;
}

export interface No {
  readonly kind: 'no';
}

export interface Unknown {
  readonly kind: 'unknown';
  readonly because: UnknownCause;
}

/** A step and what it rests on: one part, or several below an intersection. */
export interface Proof {
  readonly step: ProofStep;
  readonly parts: readonly Proof[];
}

export const NO: No = { kind: 'no' };

export const PARADOX: Unknown = {
  kind: 'unknown',
  because: { kind: 'error', message: 'the membership depends on its own negation', paradox: true },
};

export function yes(step: ProofStep, ...parts: readonly Proof[]): Yes {
  return { kind: 'yes', proof: { step, parts } };
}

export function reached(limit: LimitName): Unknown {
  return { kind: 'unknown', because: { kind: 'limit', limit } };
}

/** The proof as a list, outermost first. */
export function toMembership(outcome: Outcome): Membership {
  if (outcome.kind !== 'yes') return outcome;
  const steps: ProofStep[] = [];
  const visit = ({ step, parts }: Proof): void => {
    steps.push(step);
    for (const part of parts) visit(part);
  };
  visit(outcome.proof);
  return { kind: 'yes', proof: steps };
}

/** Of two causes the one that matters to a list: a paradox alone is a no to OpenFGA, anything else is an error. */
export function graver(known: UnknownCause | undefined, cause: UnknownCause): UnknownCause {
  return known === undefined || (known.kind === 'error' && known.paradox === true) ? cause : known;
}
