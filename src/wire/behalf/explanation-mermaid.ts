import type { Step } from '../../core/path/trace.ts';
import type { Explanation } from '../../engine/explain.ts';
import { firstFailing, verdictOf } from './explanation-text.ts';
import { type Asked, edgePhrases, principalPhrases } from './path-phrases.ts';

/** What means something inside a quoted label, as Mermaid's entity codes (its documentation, "Entity codes"). */
const SPECIAL = /["#<>&`\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** An explanation as a Mermaid flowchart: the path from the origin to the resource, coloured by what passes. */
export function explanationMermaid(explanation: Explanation): string {
  const { decision, request, delegations, at } = explanation;
  const asked: Asked = { action: request.action, resource: request.resource, at };
  const steps = decision.chain?.steps ?? [];
  const first = firstFailing(decision);
  const lines = ['flowchart TD'];
  steps.forEach((step, index) => {
    const phrases =
      step.kind === 'principal'
        ? principalPhrases(step, asked)
        : edgePhrases(step, delegations.get(step.delegation), asked);
    const texts = [title(step), ...phrases.flatMap(({ text, under }) => [text, ...under]), ...step.reasons.map(failed)];
    const style = step.reasons.length === 0 ? 'pass' : index === first ? 'first' : 'fail';
    const [open, close] = step.kind === 'principal' ? ['(["', '"])'] : ['["', '"]'];
    lines.push(`  s${index}${open}${texts.map(label).join('<br/>')}${close}:::${style}`);
  });
  const verdict = [
    `${verdictOf(decision)}: ${request.action} ${request.resource}`,
    ...(decision.allowed ? [] : [decision.reasons.join(', ')]),
  ];
  lines.push(`  verdict{{"${verdict.map(label).join('<br/>')}"}}:::${decision.allowed ? 'pass' : 'fail'}`);
  steps.forEach((_step, index) => {
    lines.push(`  s${index} --> ${index === steps.length - 1 ? 'verdict' : `s${index + 1}`}`);
  });
  lines.push(
    '  classDef pass fill:#e6f4ea,stroke:#1e7e34,color:#111',
    '  classDef fail fill:#fdecea,stroke:#b3261e,color:#111',
    '  classDef first fill:#fdecea,stroke:#b3261e,stroke-width:4px,color:#111',
  );
  return `${lines.join('\n')}\n`;
}

function title(step: Step): string {
  if (step.kind === 'principal') return step.principal;
  return step.name === undefined ? step.delegation : `${step.name} (${step.delegation})`;
}

function failed(reason: string): string {
  return `✗ ${reason}`;
}

function label(text: string): string {
  return text.replace(SPECIAL, (character) => `#${character.codePointAt(0)};`);
}
