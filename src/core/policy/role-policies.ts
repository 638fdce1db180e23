import type { ConditionValue } from '../cel/condition.ts';
import type { Evaluation } from './evaluation.ts';
import type { PolicyInput, RuleRef } from './judgement.ts';
import type { Recorder } from './recorder.ts';
import { includesName, type RolePolicy, type RoleRule } from './rules.ts';

/** What a role policy does not allow: `rule` is the entry whose condition does not hold, absent where none names it. */
export interface Omission {
  readonly ref: RuleRef;
  readonly rule?: RoleRule;
  readonly value?: ConditionValue;
}

const VISIBLE = 0;

/**
 * Whether a role policy (Cerbos, "Role policies") leaves out what is asked: an allow-list, so what no entry names is
 * denied, and so is what an entry names under a condition that does not hold (or is in error). An entry allows, so it
 * sees `D` as allow rules do.
 */
export function judgeRolePolicies(
  policy: RolePolicy,
  input: PolicyInput,
  evaluation: Evaluation,
  recorder: Recorder,
  withOutputs: boolean,
): Omission | undefined {
  let named = false;
  for (const rule of policy.rules) {
    if (!includesName(rule.resources, input.resource.kind) || !includesName(rule.actions, input.action)) continue;
    named = true;
    if (!evaluation.strict) evaluation.prepareAll(policy.used, policy, VISIBLE);
    const value = evaluation.condition(rule.condition, policy, VISIBLE);
    const allows = evaluation.holds(value, 'allow');
    recorder.rule(rule, 'allow', allows, value);
    if (withOutputs && value.kind !== 'error') recorder.output(rule, policy, allows, VISIBLE);
    if (!allows) return { ref: rule.ref, rule, value };
  }
  return named ? undefined : { ref: policy.omission };
}
