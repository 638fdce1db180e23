import type { ConditionTrace, ConditionValue } from '../cel/condition.ts';
import type { View } from './bindings.ts';
import type { Evaluation } from './evaluation.ts';
import type { Match } from './expression.ts';
import type { PolicyOutput, RuleTrace } from './judgement.ts';
import type { Policy, Rule } from './rules.ts';
import type { Effect } from './syntax.ts';

/** What a judgement tells of its way: rules, outputs, derived roles. Observes only; nothing here decides. */
export class Recorder {
  readonly outputs: PolicyOutput[] = [];
  // A judgement meets few rules: searching a list costs less than making a map.
  private readonly seen: Rule[] = [];
  private readonly traces: RuleTrace[] = [];
  private readonly held: string[] = [];
  private readonly evaluation: Evaluation;
  private readonly explain: boolean;

  constructor(evaluation: Evaluation, explain: boolean) {
    this.evaluation = evaluation;
    this.explain = explain;
  }

  /** A rule that was looked at. A rule may be met under several roles: that it was activated once is what stays. */
  rule(rule: Rule, effect: Effect, activated: boolean, value: ConditionValue): void {
    if (!activated && value.kind !== 'error' && value.kind !== 'unknown' && !this.explain) return;
    const known = this.seen.indexOf(rule);
    if (known >= 0 && (!activated || this.traces[known]?.activated === true)) return;
    const condition = toTrace(rule.condition, value);
    const trace = { ...rule.ref, effect, activated, ...(condition === undefined ? {} : { condition }) };
    if (known >= 0) this.traces[known] = trace;
    else this.traces[this.seen.push(rule) - 1] = trace;
  }

  /** A rule's output for its outcome, where it has one (Cerbos, "Outputs"). */
  output(rule: Rule, policy: Policy, met: boolean, view: View): void {
    const expression = met ? rule.output?.ruleActivated : rule.output?.conditionNotMet;
    if (rule.output === undefined || expression === undefined) return;
    const { src } = rule.output;
    this.outputs.push({ src, ...this.evaluation.output(expression, policy, view) });
  }

  derivedRole(name: string): void {
    if (!this.held.includes(name)) this.held.push(name);
  }

  rules(): readonly RuleTrace[] {
    return this.traces;
  }

  derivedRoles(): readonly string[] {
    return this.held.sort();
  }
}

/** A rule without a condition has no trace, unless a derived role in error stands in for one. */
export function toTrace(match: Match | undefined, value: ConditionValue): ConditionTrace | undefined {
  if (value.kind === 'error') {
    return { expression: match?.text ?? value.expression, value: 'error', error: value.message };
  }
  if (value.kind === 'unknown') return { expression: match?.text ?? value.expression, value: 'unknown' };
  return match === undefined ? undefined : { expression: match.text, value: value.kind };
}
