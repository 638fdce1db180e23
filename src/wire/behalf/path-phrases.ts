import type { ConditionTrace } from '../../core/cel/condition.ts';
import type { Delegation } from '../../core/delegation/delegation.ts';
import type { EdgeStep, Entitlement, PrincipalStep } from '../../core/path/trace.ts';
import type { Prohibition, RuleRef, RuleTrace } from '../../core/policy/judgement.ts';
import type { ProofStep } from '../../core/relationships/membership.ts';

/** One thing to say of a step; what belongs under it is indented. */
export interface Phrase {
  readonly text: string;
  readonly under: readonly string[];
}

type Nothing = Extract<Entitlement, { readonly by: 'nothing' }>;

/** What a request was about, for phrases that name it. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Why a principal passes or not: its entitlement, what forbids it, which rules were looked at. */
export function principalPhrases(step: PrincipalStep, asked: Asked): readonly Phrase[] {
  const phrases: Phrase[] = [say(step.roles.length === 0 ? 'no roles' : `roles ${step.roles.join(', ')}`)];
  if (step.reasons.includes('suspended')) phrases.push(say('is suspended'));
  if (step.reasons.includes('deleted')) phrases.push(say('was deleted'));
  if (step.entitlement !== undefined) phrases.push(entitlementPhrase(step.entitlement, step, asked));
  for (const prohibition of step.prohibitions) phrases.push(prohibitionPhrase(prohibition));
  if (step.excluded !== undefined) phrases.push(say('is in what the permission excludes', proofLines(step.excluded)));
  const told = [...step.prohibitions, ...(step.entitlement?.by === 'policy' ? [step.entitlement.rule] : [])];
  for (const rule of step.rules) {
    if (!told.some((other) => other !== undefined && isSameRule(other, rule))) phrases.push(rulePhrase(rule));
  }
  const shown = new Set([...step.prohibitions, ...step.rules].map(({ condition }) => condition?.expression));
  for (const { expression, value, error } of step.errors) {
    if (shown.has(expression)) continue;
    phrases.push(
      value === 'unknown' ? say(`${expression} is unknown`) : say(`error in ${expression}`, optionalLine(error)),
    );
  }
  return phrases;
}

function entitlementPhrase(entitlement: Entitlement, step: PrincipalStep, asked: Asked): Phrase {
  switch (entitlement.by) {
    case 'policy': {
      const { rule, effect } = entitlement;
      const verb = effect === 'allow' ? 'allowed' : 'denied';
      if (rule === undefined) return say(`${verb} by policy`);
      const trace = step.rules.find((other) => isSameRule(other, rule));
      const maybe = trace?.condition?.value === 'unknown' ? 'perhaps ' : '';
      return say(`${maybe}${verb} by rule ${ruleName(rule)}`, conditionLines(trace?.condition));
    }
    case 'relationship':
      return say(`has ${entitlement.relation} on ${asked.resource}`, proofLines(entitlement.proof));
    case 'nothing':
      return say(nothingText(entitlement, asked), optionalLine(entitlement.unknown));
  }
}

function nothingText(entitlement: Nothing, { action, resource }: Asked): string {
  switch (entitlement.looked_at) {
    case 'policy':
      return `no allow rule for ${action} applies`;
    case 'relationship':
      return entitlement.unknown === undefined
        ? `has no ${entitlement.relation} on ${resource}`
        : `unknown whether it has ${entitlement.relation} on ${resource}`;
    case 'neither':
      return `no rule and no relation can_${action} says who may ${action}`;
  }
}

function prohibitionPhrase(prohibition: Prohibition): Phrase {
  return prohibition.by === 'deny_rule'
    ? say(`forbidden by rule ${ruleName(prohibition)}`, conditionLines(prohibition.condition))
    : say(`forbidden: the role policy ${prohibition.policy} does not list it`, conditionLines(prohibition.condition));
}

function rulePhrase(rule: RuleTrace): Phrase {
  const known = rule.activated ? 'applies too' : 'does not apply';
  const applied = rule.condition?.value === 'unknown' ? 'may apply' : known;
  return say(`${rule.effect} rule ${ruleName(rule)} ${applied}`, conditionLines(rule.condition));
}

/** Why a delegation carries or not: its capability and conditions, how it is held and open, how long still. */
export function edgePhrases(step: EdgeStep, delegation: Delegation | undefined, asked: Asked): readonly Phrase[] {
  const phrases: Phrase[] = [];
  const capability = step.capability === undefined ? undefined : delegation?.capabilities[step.capability];
  if (step.capability !== undefined) {
    const what =
      capability === undefined ? '' : `: ${capability.actions.join(', ')} on ${capability.resources.join(', ')}`;
    phrases.push(say(`capability ${step.capability + 1}${what}`));
  } else if (step.reasons.includes('not_covered')) {
    phrases.push(say(`no capability covers ${asked.action} on ${asked.resource}`));
  }
  for (const condition of step.conditions) phrases.push(...conditionLines(condition).map((line) => say(line)));
  if (step.held !== undefined) phrases.push(say(`the origin is in ${step.from}`, proofLines(step.held)));
  if (step.activation !== undefined) phrases.push(say(`open by the session ${step.activation}`));
  phrases.push(say(windowText(step, asked.at)));
  return phrases;
}

function windowText({ not_before: from, expires_at: until }: EdgeStep, at: number): string {
  if (at < from) return `valid from ${moment(from)}, in ${duration(from - at)}`;
  if (until === undefined) return 'valid without end';
  if (at >= until) return `expired ${moment(until)}, ${duration(at - until)} before`;
  return `valid until ${moment(until)}, ${duration(until - at)} left`;
}

function conditionLines(condition: ConditionTrace | undefined): readonly string[] {
  if (condition === undefined) return [];
  const { expression, value, error } = condition;
  return [
    `condition ${expression} is ${value === 'error' ? `in error${error === undefined ? '' : `: ${error}`}` : value}`,
  ];
}

/** The relationships that a proof rests on; how the model leads from one to the next can be read there. */
function proofLines(proof: readonly ProofStep[]): readonly string[] {
  const stored = proof.flatMap(({ relationship }) => (relationship === undefined ? [] : [relationship]));
  if (stored.length === 0)
    return proof.map(({ object, relation, via }) => `${object}#${relation}, ${via.replaceAll('_', ' ')}`);
  return stored.map(
    ({ object, relation, user, condition }) =>
      `${object}#${relation}@${user}${condition === undefined ? '' : ` if ${condition.name}`}`,
  );
}

function ruleName({ policy, rule }: RuleRef): string {
  return `${rule} of ${policy}`;
}

function isSameRule(a: RuleRef, b: RuleRef): boolean {
  return a.policy === b.policy && a.rule === b.rule && a.scope === b.scope;
}

/** A time for people: RFC 3339 without the fraction where there is none. */
export function moment(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
];

/** The two largest units of a span that are not zero: `3 d 4 h`. */
export function duration(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.join(' ') || '0 ms';
}

function say(text: string, under: readonly string[] = []): Phrase {
  return { text, under };
}

function optionalLine(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}
