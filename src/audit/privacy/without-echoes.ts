import type { ConditionTrace } from '../../core/cel/condition.ts';
import type { Decision } from '../../core/decision.ts';
import type { ChainTrace, PolicyAnswer, Step } from '../../core/path/trace.ts';

/** What stands in the place of a text that may repeat a value. */
const REDACTED = 'redacted';

/**
 * A decision without what may repeat values that it read: the messages of failed conditions, the outputs of policies,
 * and what did not fit a schema, where and why. Names, rules and the sources of conditions stay: they are the graph's
 * and the policies', and so do the outcomes.
 */
export function withoutEchoes(decision: Decision): Decision {
  const { chain, others } = decision;
  return {
    ...decision,
    others: others.map(chainWithout),
    ...(chain === undefined ? undefined : { chain: chainWithout(chain) }),
  };
}

function chainWithout(chain: ChainTrace): ChainTrace {
  return { ...chain, steps: chain.steps.map(stepWithout) };
}

function stepWithout(step: Step): Step {
  if (step.kind === 'edge') return { ...step, conditions: step.conditions.map(conditionWithout) };
  return {
    ...step,
    prohibitions: step.prohibitions.map(ruleWithout),
    rules: step.rules.map(ruleWithout),
    errors: step.errors.map(conditionWithout),
    ...(step.policy === undefined ? undefined : { policy: answerWithout(step.policy) }),
  };
}

function ruleWithout<Rule extends { readonly condition?: ConditionTrace }>(rule: Rule): Rule {
  return rule.condition === undefined ? rule : { ...rule, condition: conditionWithout(rule.condition) };
}

function conditionWithout(condition: ConditionTrace): ConditionTrace {
  return condition.error === undefined ? condition : { ...condition, error: REDACTED };
}

function answerWithout(answer: PolicyAnswer): PolicyAnswer {
  const { outputs, validationErrors } = answer;
  return {
    ...answer,
    ...(outputs === undefined
      ? undefined
      : {
          outputs: outputs.map(({ src, error }) => ({
            src,
            val: REDACTED,
            ...(error === undefined ? undefined : { error: REDACTED }),
          })),
        }),
    ...(validationErrors === undefined
      ? undefined
      : { validationErrors: validationErrors.map(({ source }) => ({ source, path: '/', message: REDACTED })) }),
  };
}
