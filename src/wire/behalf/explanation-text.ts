import type { Decision, ReasonCode } from '../../core/decision.ts';
import type { ChainTrace, Step } from '../../core/path/trace.ts';
import type { Explanation } from '../../engine/explain.ts';
import { edgePhrases, moment, type Phrase, principalPhrases } from './path-phrases.ts';

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * An explanation for people, on a terminal without colour: the path from top to bottom, every hop with its reasons,
 * the first failing one marked, and what would have been needed.
 */
export function explanationText(explanation: Explanation): string {
  return `${[...header(explanation), '', ...path(explanation), ...needed(explanation), ...others(explanation)]
    .map(printable)
    .join('\n')}\n`;
}

function header({ decision, request, at, revision, recorded }: Explanation): readonly string[] {
  const { allowed, reasons, limit, bundle } = decision;
  const forWhom = request.actor === request.origin ? 'on its own authority' : `on behalf of ${request.origin}`;
  const verdict = verdictOf(decision);
  const enforced =
    recorded === undefined || recorded.enforced === allowed ? '' : ' (observed only: it was let through)';
  return [
    `${verdict}  ${request.actor} ${VERBS[verdict]} ${request.action} ${request.resource} ${forWhom}${enforced}`,
    ...(allowed ? [] : [`  reasons   ${reasons.join(', ')}${limit === undefined ? '' : ` (limit ${limit})`}`]),
    ...(request.openAttributes === undefined ? [] : [`  open      ${request.openAttributes.join(', ')}`]),
    ...(request.claimedChain === undefined ? [] : [`  claimed   ${request.claimedChain.join(' → ')}`]),
    `  origin    ${request.proof}`,
    `  decided   ${moment(at)} at revision ${revision}${recorded === undefined ? '' : `, recorded as ${recorded.id}`}`,
    `  bundle    ${bundle}`,
  ];
}

const VERBS = { ALLOWED: 'may', DENIED: 'may not', DEPENDS: 'may or may not' } as const;

/** In one word. What depends is not allowed, and is not denied whatever comes either. */
export function verdictOf({ allowed, reason }: Decision): keyof typeof VERBS {
  if (allowed) return 'ALLOWED';
  return reason === 'depends' ? 'DEPENDS' : 'DENIED';
}

/** The place of the first step that decides against the request; -1 where none does. */
export function firstFailing({ chain, reason }: Decision): number {
  // What only depends is not what a denial comes from.
  const isDecisive = (other: ReasonCode) => reason === 'depends' || other !== 'depends';
  return chain?.steps.findIndex(({ reasons }) => reasons.some(isDecisive)) ?? -1;
}

function path({ decision, request, delegations, at, redacted }: Explanation): readonly string[] {
  const { chain } = decision;
  const lines: string[] = redacted ? ['(hops that you neither made nor hold are left out)', ''] : [];
  if (chain === undefined) return lines;
  const asked = { action: request.action, resource: request.resource, at };
  const first = firstFailing(decision);
  const mark = `   <-- the first hop that ${decision.reason === 'depends' ? 'depends' : 'fails'}`;
  chain.steps.forEach((step, index) => {
    const last = index === chain.steps.length - 1;
    const phrases =
      step.kind === 'principal'
        ? principalPhrases(step, asked)
        : edgePhrases(step, delegations.get(step.delegation), asked);
    const verdict = fails(step) ? `  ✗ ${step.reasons.join(', ')}` : '';
    lines.push(`${fails(step) ? '✗' : '✓'} ${title(step, index, last)}${verdict}${index === first ? mark : ''}`);
    const rail = last ? ' ' : '│';
    for (const line of flatten(phrases)) lines.push(`${rail}     ${line}`);
    if (!last) lines.push(step.kind === 'principal' ? '│' : '▼');
  });
  return lines;
}

function title(step: Step, index: number, last: boolean): string {
  if (step.kind === 'principal') {
    const part = index === 0 ? (last ? 'origin and actor' : 'origin') : last ? 'actor' : 'on the path';
    return `${step.principal}  (${part})`;
  }
  const name = step.name === undefined ? '' : ` "${step.name}"`;
  return `${step.from} delegates to ${step.to}  (${step.delegation}${name})`;
}

function flatten(phrases: readonly Phrase[]): readonly string[] {
  return phrases.flatMap(({ text, under }) => [text, ...under.map((line) => `  ${line}`)]);
}

function needed({ shortfalls }: Explanation): readonly string[] {
  if (shortfalls.length === 0) return [];
  const list = shortfalls.map(({ where, reason, needed }, index) => `  ${index + 1}. ${where}, ${reason}: ${needed}`);
  return ['', 'What would have been needed:', ...list];
}

function others({ decision: { others } }: Explanation): readonly string[] {
  if (others.length === 0) return [];
  const list = others.map((chain) => `  ${chainLine(chain)}`);
  return ['', `${others.length} other ${others.length === 1 ? 'chain' : 'chains'} tried:`, ...list];
}

function chainLine({ steps, delegation, reasons }: ChainTrace): string {
  const people = steps.flatMap((step) => (step.kind === 'principal' ? [step.principal] : []));
  return `${people.join(' → ')} by ${delegation ?? 'nothing'}: ${reasons.join(', ')}`;
}

function fails(step: Step): boolean {
  return step.reasons.length > 0;
}

/** One line stays one line, and nothing that was stored or sent can move a terminal's cursor. */
function printable(line: string): string {
  return line.replace(INVISIBLE, (character) =>
    character === '\n' ? ' ' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
