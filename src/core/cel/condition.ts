import type { Problem } from '../problem.ts';
import { ok, type Result } from '../result.ts';
import { compileProgram } from './compile.ts';
import type { Place } from './place.ts';
import type { Bindings, CelOutcome, Host, KnownOutcome, UnknownOutcome } from './program.ts';
import { typeName } from './value.ts';

/**
 * A condition is true, false or an error (design, section 1: fail closed); for a question that leaves something open
 * also unknown: one of the three, as that turns out.
 */
export type ConditionValue = KnownCondition | UnknownCondition;

export type KnownCondition =
  | { readonly kind: 'true' }
  | { readonly kind: 'false' }
  | { readonly kind: 'error'; readonly expression: string; readonly message: string };

export interface UnknownCondition {
  readonly kind: 'unknown';
  readonly expression: string;
  /** Which it may be; more than one of them. */
  readonly mayBe: { readonly true: boolean; readonly false: boolean; readonly error: boolean };
}

/** A condition as the path records it. */
export interface ConditionTrace {
  /** The CEL source, or a summary of a match tree such as `all(a, b)`. */
  readonly expression: string;
  readonly value: ConditionValue['kind'];
  readonly error?: string;
}

/** A CEL expression that must be true. */
export interface Condition {
  readonly source: string;
  /** The root variables that it reads. */
  readonly reads: ReadonlySet<string>;
  /** Never throws. Spends from the host's budget. Only the value true is true; what is no bool is an error. */
  holds(bindings: Bindings, host: Host): ConditionValue;
}

const TRUE: KnownCondition = { kind: 'true' };
const FALSE: KnownCondition = { kind: 'false' };

/** Compiles a condition; `place` is where its source stands in its file. */
export function compileCondition(source: string, place?: Place): Result<Condition, Problem> {
  const compiled = compileProgram(source, { result: 'bool', ...(place === undefined ? {} : { place }) });
  if (!compiled.ok) return compiled;
  const program = compiled.value;
  return ok({
    source,
    reads: program.reads,
    holds: (bindings, host) => toConditionValue(program.run(bindings, host), source),
  });
}

const ANYTHING = { true: true, false: true, error: true };

/** What an outcome means for a condition. */
export function toConditionValue(outcome: KnownOutcome, expression: string): KnownCondition;
export function toConditionValue(outcome: CelOutcome, expression: string): ConditionValue;
export function toConditionValue(outcome: CelOutcome, expression: string): ConditionValue {
  if (outcome.kind === 'unknown') return toUnknown(outcome, expression);
  if (outcome.kind === 'error') return { kind: 'error', expression, message: outcome.message };
  if (outcome.value === true) return TRUE;
  if (outcome.value === false) return FALSE;
  return { kind: 'error', expression, message: `the condition is a ${typeName(outcome.value)}, not true or false` };
}

function toUnknown({ barringError }: UnknownOutcome, expression: string): ConditionValue {
  if (barringError === undefined) return { kind: 'unknown', expression, mayBe: ANYTHING };
  const { value } = barringError;
  if (typeof value !== 'boolean') return toConditionValue({ kind: 'value', value }, expression);
  return { kind: 'unknown', expression, mayBe: { true: value, false: !value, error: true } };
}
