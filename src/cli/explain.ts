import { type Command, Option } from 'commander';
import type { ExplanationFormat } from '../client/client.ts';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { type QuestionOptions, questionCommand, toQuestion } from './question.ts';

interface Format {
  readonly format: ExplanationFormat;
}

export function explainCommand({ terminal }: Context, finish: Finish): Command {
  return questionCommand('explain', 'the whole path of a decision, hop by hop; nothing is recorded')
    .addOption(formatOption())
    .action(async (actor: string, action: string, resource: string, options: QuestionOptions & Format) => {
      const question = toQuestion(actor, action, resource, options);
      const client = connect(options, terminal);
      if (options.json === true) printJson(terminal, await client.explain(question));
      else terminal.out((await client.explainAs(question, options.format)).trimEnd());
      return finish(EXIT.ok);
    });
}

export function whyCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('why', 'why a recorded decision was taken')
    .argument('<id>', 'the id of the decision, as its answer carried it')
    .addOption(formatOption())
    .action(async (id: string, options: RemoteOptions & Format) => {
      const client = connect(options, terminal);
      if (options.json === true) printJson(terminal, await client.why(id));
      else terminal.out((await client.whyAs(id, options.format)).trimEnd());
      return finish(EXIT.ok);
    });
}

function formatOption(): Option {
  return new Option('--format <FORMAT>', 'how it is drawn').choices(['text', 'mermaid']).default('text');
}
