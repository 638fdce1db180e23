import type { Command } from 'commander';
import type { Evaluation, Question, Step } from '../client/client.ts';
import { type Context, connect, EXIT, type Finish, printJson } from './command.ts';
import { labelled } from './layout.ts';
import { type QuestionOptions, questionCommand, toQuestion } from './question.ts';
import type { Terminal } from './terminal.ts';

export function checkCommand({ terminal }: Context, finish: Finish): Command {
  return questionCommand('check', 'may this actor do this, on whose behalf? exits 0 allowed, 1 denied, 2 not answered')
    .addHelpText('after', '\nExample:\n  behalf check agent:payer call tool:erp/pay --for user:alice --arg amount=900')
    .action(async (actor: string, action: string, resource: string, options: QuestionOptions) => {
      const question = toQuestion(actor, action, resource, options);
      const evaluation = await connect(options, terminal).evaluate(question);
      if (options.json === true) printJson(terminal, evaluation);
      else terminal.out(describe(question, evaluation, terminal));
      return finish(evaluation.decision === true ? EXIT.ok : EXIT.no);
    });
}

function describe(question: Question, evaluation: Evaluation, { paint }: Terminal): string {
  const { actor, action, resource, on_behalf_of: origin } = question;
  const { decision, id, reason, path, observed, revision } = evaluation;
  const verdict = decision ? paint('good', 'allowed') : paint('bad', 'denied');
  const sentence = `${actor} ${decision ? 'may' : 'may not'} ${action} ${resource}${origin === undefined ? '' : ` for ${origin}`}`;
  const failing = path?.filter((step) => step.reasons.length > 0) ?? [];
  const lines = labelled([
    [
      'observed',
      observed === undefined ? undefined : `decided ${observed ? 'allowed' : 'denied'}; this caller only observes`,
    ],
    ['because', decision ? undefined : failing.length > 0 ? failing.map(reasonsOf) : reason],
    ['path', path && path.length > 1 ? path.map(nameOf).join(' → ') : undefined],
    ['revision', revision],
    ['why', `behalf why ${id}`],
  ]);
  return `${verdict}: ${sentence}\n${lines}`;
}

/** What stands against a step, the first failing one first. */
function reasonsOf(step: Step): string {
  return `${nameOf(step)} ${step.reasons.join(', ')}`;
}

/** A principal by itself, a delegation by its name. */
function nameOf(step: Step): string {
  return step.kind === 'principal' ? step.principal : `[${step.name ?? step.delegation}]`;
}
