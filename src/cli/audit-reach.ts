import type { Command } from 'commander';
import type { Behalf, ReachPage, ReachQuestion } from '../client/client.ts';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { csv } from './csv.ts';
import { columns } from './layout.ts';

interface ReachOptions extends RemoteOptions, Omit<ReachQuestion, 'open_attributes'> {
  readonly open?: string;
  readonly csv?: boolean;
}

type Reached = ReachPage['reached'][number];

const LONGEST_PAGE = 500;

/** `behalf audit reach`: who reaches a resource, or what an agent reaches, now or as things were. */
export function auditReachCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('reach', 'who reaches a resource, or what an agent reaches, through which delegations')
    .option('--resource <RESOURCE>', 'who reaches it …')
    .option('--action <ACTION>', '… with this action')
    .option('--actor <ACTOR>', 'what does it reach …')
    .option('--origin <ORIGIN>', '… for this principal')
    .option('--type <TYPE>', 'of an actor: only resources of this type')
    .option('--at <TIME>', 'as things were at this time, like 2030-01-31T12:00:00Z')
    .option('--revision <REVISION>', 'as things were when this revision was made')
    .option(
      '--open <NAMES>',
      'attributes of resources that are not known, like args for the arguments of tools: who reaches it for some of their values, too',
    )
    .option('--proof <PROOF>', 'how well origins are taken to be known: asserted, vouched, verified (the default)')
    .option('--csv', 'print CSV, one row for each chain')
    .action(async (options: ReachOptions) => {
      const { reached, at, revision } = await gather(connect(options, terminal), options);
      if (options.json === true) printJson(terminal, { reached, at, revision });
      // Each row ends with CR LF; the terminal adds the last LF.
      else if (options.csv === true) terminal.out(toCsv(reached).slice(0, -1));
      else {
        terminal.out(reached.length === 0 ? 'nobody, nothing' : columns(reached.flatMap(rows)));
        terminal.err(terminal.paint('quiet', `at ${at}, revision ${revision}`));
      }
      return finish(EXIT.ok);
    });
}

/** All pages: they are of one revision and one time. */
async function gather(behalf: Behalf, options: ReachOptions): Promise<ReachPage> {
  const { resource, action, actor, origin, type, at, revision, proof, open } = options;
  const asked = Object.entries({ resource, action, actor, origin, type, at, revision, proof, open_attributes: open });
  const question = Object.fromEntries(asked.filter(([, value]) => value !== undefined));
  const first = await behalf.reach(question, { limit: LONGEST_PAGE });
  const reached = [...first.reached];
  for (let after = first.next; after !== undefined; ) {
    const page = await behalf.reach(question, { limit: LONGEST_PAGE, after });
    reached.push(...page.reached);
    after = page.next;
  }
  return { reached, at: first.at, revision: first.revision };
}

function rows({ origin, actor, action, resource, chains }: Reached): readonly (readonly string[])[] {
  return chains.map(({ delegations, depends }, index) => {
    const through = delegations.map(({ id, name }) => name ?? id).join(' → ');
    const what = `may ${action} ${resource}`;
    const who = actor === origin ? [actor, what] : [`${actor} for ${origin}`, what];
    return [...(index === 0 ? who : ['', '']), through === '' ? '' : `through ${through}`, depends ? 'depends' : ''];
  });
}

function toCsv(reached: readonly Reached[]): string {
  return csv([
    ['origin', 'actor', 'action', 'resource', 'path', 'delegations', 'depends'],
    ...reached.flatMap(({ origin, actor, action, resource, chains }) =>
      chains.map(({ path, delegations, depends }) => [
        ...[origin, actor, action, resource],
        path.join(' '),
        delegations.map(({ id }) => id).join(' '),
        depends ? 'yes' : '',
      ]),
    ),
  ]);
}
