import type { Command } from 'commander';
import type { Behalf, ChangeFilter, Commit } from '../client/client.ts';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { csv } from './csv.ts';
import { columns } from './layout.ts';
import type { Terminal } from './terminal.ts';
import { toCount } from './to-count.ts';

interface ChangesOptions extends RemoteOptions, ChangeFilter {
  readonly limit: number;
  readonly csv?: boolean;
}

const LONGEST_PAGE = 500;

/** `behalf audit changes`: who granted, revoked, published, suspended what, when, with which credential. */
export function auditChangesCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('changes', 'who granted, revoked, published, suspended what, when, with which credential')
    .option('--about <WHAT>', 'a person, an agent, a delegation (id or name), a session, a caller, a bundle')
    .option('--by <CALLER>', 'only what this caller did')
    .option('--act <ACT>', 'only one sort: delegate, revoke, publish, rollback, suspend, …')
    .option('--kind <KINDS>', 'only what changed one of these: delegation,revocation,activation,entity,bundle,caller,…')
    .option('--from <TIME>', 'from this time on, like 2030-01-31T12:00:00Z')
    .option('--to <TIME>', 'up to and without this time')
    .option('--limit <N>', 'at most so many commits; 0 for all', toCount, 50)
    .option('--csv', 'print CSV, one row for each thing that was changed')
    .action(async (options: ChangesOptions) => {
      const { found, more } = await gather(connect(options, terminal), options);
      if (options.json === true) printJson(terminal, { changes: found, more });
      // Each row ends with CR LF; the terminal adds the last LF.
      else if (options.csv === true) terminal.out(toCsv(found).slice(0, -1));
      else print(found, more, terminal);
      return finish(EXIT.ok);
    });
}

/** As many commits as were asked for, however many pages that takes. */
async function gather(
  behalf: Behalf,
  { about, by, act, kind, from, to, limit }: ChangesOptions,
): Promise<{ readonly found: readonly Commit[]; readonly more: boolean }> {
  const filter = Object.entries({ about, by, act, kind, from, to }).filter(([, value]) => value !== undefined);
  const found: Commit[] = [];
  for (let before: string | undefined; ; ) {
    const left = limit === 0 ? LONGEST_PAGE : Math.min(LONGEST_PAGE, limit - found.length);
    const page = await behalf.changes(Object.fromEntries(filter), {
      limit: left,
      ...(before === undefined ? undefined : { before }),
    });
    found.push(...page.changes);
    before = page.next;
    if (before === undefined) return { found, more: false };
    if (limit !== 0 && found.length >= limit) return { found, more: true };
  }
}

function print(found: readonly Commit[], more: boolean, terminal: Terminal): void {
  if (found.length === 0) {
    terminal.out('nothing was changed that fits');
    return;
  }
  const rows = found.flatMap((commit) => {
    const { revision, at, by, credential } = commit;
    const head = [
      revision.replace(/^.*\./, ''),
      at.replace(/\.\d+Z$/, 'Z'),
      credential === undefined || credential === by ? by : `${by} (${credential})`,
    ];
    const texts = commit.changes.map(({ text }) => text);
    const lines = commit.complete ? texts : [...texts, `… in all ${countWords(commit)}`];
    return (lines.length === 0 ? [commit.act] : lines).map((text, index) =>
      index === 0 ? [...head, text] : ['', '', '', text],
    );
  });
  terminal.out(columns(rows));
  if (more) terminal.err(terminal.paint('quiet', 'older ones are left out: --limit 0 shows all'));
}

function countWords({ counts }: Commit): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${count} × ${kind}`)
    .join(', ');
}

const HEADINGS = ['revision', 'at', 'by', 'credential', 'act', 'kind', 'did', 'key', 'text', 'previous', 'sha256'];

function toCsv(found: readonly Commit[]): string {
  const rows = found.flatMap(
    ({ revision, at, by, credential = '', act, changes, complete, counts, previous, sha256 }) => {
      const row = (...what: readonly [string, string, string, string]) => [
        ...[revision, at, by, credential, act],
        ...what,
        ...[previous, sha256],
      ];
      const told = changes.map(({ kind, did, key, text }) => row(kind, did, key, text));
      if (complete && told.length > 0) return told;
      return [
        ...told,
        row('', '', '', Object.keys(counts).length === 0 ? '' : `in all ${countWords({ counts } as Commit)}`),
      ];
    },
  );
  return csv([HEADINGS, ...rows]);
}
