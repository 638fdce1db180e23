import { type Command, InvalidArgumentError } from 'commander';
import type { DecisionSummary, DecisionSummaryRequest } from '../client/client.ts';
import { type Context, EXIT, type Finish, printJson } from './command.ts';
import { csv } from './csv.ts';
import { type DecisionOptions, decisionCommand, filterOf, openDecisionDoor, sayWhere } from './decision-door.ts';
import { columns, counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

interface SummaryOptions extends DecisionOptions {
  readonly by?: string;
  readonly top?: number;
  readonly bucket?: string;
  readonly before?: string;
}

/** `behalf audit summary`: how many decisions, by outcome, reason, agent, …, and by time. */
export function auditSummaryCommand(context: Context, finish: Finish): Command {
  const { terminal } = context;
  return decisionCommand('summary', 'how many decisions there were, by reason, actor, origin, resource, delegation, …')
    .option('--by <WHAT>', 'reason,action,actor,origin,resource,type,delegation,caller,bundle; one or several')
    .option('--top <N>', 'the N that come most often (default 10)', toNumber)
    .option('--bucket <SPAN>', 'by time as well, with --from: minute, hour, day')
    .option('--before <ID>', 'only decisions before this one: where a summary of a large log did not get further')
    .action(async (options: SummaryOptions) => {
      const door = await openDecisionDoor(options, context);
      const { by, top, bucket, before } = options;
      const asked = Object.entries({ by, top, bucket, before }).filter(([, value]) => value !== undefined);
      const summary = await door.summary(
        await filterOf(options, terminal),
        Object.fromEntries(asked) as DecisionSummaryRequest,
      );
      if (options.json === true) printJson(terminal, summary);
      else if (options.csv === true) terminal.out(csv(toRows(summary)).slice(0, -1));
      else print(summary, terminal);
      if (summary.next !== undefined && options.json !== true) {
        terminal.err(`older ones are not counted here: --before ${summary.next} counts them`);
      }
      sayWhere(options, terminal);
      return finish(EXIT.ok);
    });
}

function toNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 100) throw new InvalidArgumentError('a number from 1 to 100');
  return number;
}

function print({ decisions, allowed, denied, observed, by, buckets }: DecisionSummary, terminal: Terminal): void {
  const letThrough = observed === 0 ? '' : ` (${observed} of them answered with an allow, in observe mode)`;
  terminal.out(`${counted(decisions, 'decision')}: ${allowed} allowed, ${denied} denied${letThrough}`);
  const tables: [title: string, rows: readonly (readonly string[])[]][] = Object.entries(by).map(
    ([group, { values, distinct, missed }]) => {
      const rows = values.map((one) => [one.value, `${one.allowed}`, `${one.denied}`]);
      const rest = distinct > values.length ? `, the first ${values.length} of ${distinct}` : '';
      const bound = missed === 0 ? '' : `, counts too low by up to ${missed}`;
      return [`${group}${rest}${bound}`, rows];
    },
  );
  if (buckets !== undefined) tables.push(['from', buckets.map((one) => [one.from, `${one.allowed}`, `${one.denied}`])]);
  for (const [title, rows] of tables) {
    if (rows.length > 0) terminal.out(`\n${columns([[title, 'allowed', 'denied'], ...rows])}`);
  }
}

function toRows({ allowed, denied, by, buckets = [] }: DecisionSummary): readonly (readonly string[])[] {
  return [
    ['by', 'value', 'allowed', 'denied'],
    ['all', '', `${allowed}`, `${denied}`],
    ...Object.entries(by).flatMap(([group, { values }]) =>
      values.map((one) => [group, one.value, `${one.allowed}`, `${one.denied}`]),
    ),
    ...buckets.map((one) => ['time', one.from, `${one.allowed}`, `${one.denied}`]),
  ];
}
