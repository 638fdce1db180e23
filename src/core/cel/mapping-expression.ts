import type { Json } from '../entity.ts';
import type { Budget } from '../limits.ts';
import type { Problem } from '../problem.ts';
import { ok, type Result } from '../result.ts';
import { createMappingEnvironment, type MAPPING_VARIABLES } from './environment.ts';
import { evaluateWith } from './evaluation.ts';
import { messageOf } from './fault.ts';
import { type Checked, parseExpression } from './parse.ts';
import { hasJson, toJson } from './to-json.ts';
import { isAbsent } from './value.ts';

/** What the expressions of a mapping see: JSON that `admitInput` has admitted. */
export type MappingInputs = { readonly [name in (typeof MAPPING_VARIABLES)[number]]: Json };

export type MappingValue =
  | { readonly kind: 'value'; readonly value: Json }
  /** An optional without a value: the field is left out. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'error'; readonly message: string };

/** A compiled expression of a mapping. */
export interface MappingExpression {
  readonly source: string;
  /** Never throws. Spends from the budget. */
  evaluate(inputs: MappingInputs, budget: Budget): MappingValue;
}

const environment = createMappingEnvironment();

/**
 * Compiles a CEL expression by which a declared mapping takes a field of a question from a message (AuthZEN's COAZ
 * framework, "The Expression Contract"): a function of `params` and `token` and nothing else, so neither the time nor
 * the graph. Unknown names, wrong types and exceeded bounds are problems here.
 */
export function compileMappingExpression(source: string): Result<MappingExpression, Problem> {
  const checked = parseExpression(environment, source);
  return checked.ok ? ok(toExpression(source, checked.value)) : checked;
}

const STEPS_USED: MappingValue = { kind: 'error', message: 'the mapping took too many steps' };

function toExpression(source: string, checked: Checked): MappingExpression {
  return {
    source,
    evaluate(inputs, budget) {
      if (!budget.spend(checked.cost)) return STEPS_USED;
      try {
        const value = evaluateWith(budget, undefined, () => checked.evaluate(inputs));
        // An exhausted budget may have been absorbed by `||` on its way.
        if (budget.exhausted) return STEPS_USED;
        if (value instanceof Promise || value === undefined) {
          return { kind: 'error', message: 'the expression has no value' };
        }
        if (!hasJson(value)) return { kind: 'error', message: 'the value is none that JSON has' };
        return isAbsent(value) ? { kind: 'absent' } : { kind: 'value', value: toJson(value) };
      } catch (thrown) {
        return budget.exhausted ? STEPS_USED : { kind: 'error', message: messageOf(thrown) };
      }
    },
  };
}
