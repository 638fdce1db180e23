import type { Command } from 'commander';
import type { Revoked } from '../client/client.ts';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { delegationId } from './delegation-id.ts';
import { columns, labelled } from './layout.ts';
import type { Terminal } from './terminal.ts';
import { capabilityWords, momentWords } from './words.ts';

interface RevokeOptions extends RemoteOptions {
  readonly reason: string;
  readonly for?: string;
  readonly dryRun?: boolean;
}

export function revokeCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('revoke', 'revoke a delegation and everything derived from it, for ever')
    .argument('<id>', 'the delegation, by id or name')
    .requiredOption('--reason <TEXT>', 'why, for the record')
    .option('--for <ORIGIN>', 'withdraw it for this origin only')
    .option('--dry-run', 'say what would die and who would keep what; change nothing')
    .action(async (called: string, options: RevokeOptions) => {
      const { reason, for: origin, dryRun = false } = options;
      const request = { reason, dry_run: dryRun, ...(origin === undefined ? undefined : { on_behalf_of: origin }) };
      const behalf = connect(options, terminal);
      const revoked = await behalf.revoke(await delegationId(behalf, called), request);
      if (options.json === true) printJson(terminal, revoked);
      else terminal.out(describe(revoked, terminal));
      return finish(EXIT.ok);
    });
}

function describe(revoked: Revoked, { paint }: Terminal): string {
  const { delegation, on_behalf_of: origin, already, at, dry_run: dryRun, dies, keeps, revision } = revoked;
  const scope = origin === undefined ? '' : ` for ${origin}`;
  const done = origin === undefined ? 'revoked' : 'withdrawn';
  if (already) {
    const since = at === undefined ? '' : ` at ${momentWords(at)}`;
    return `${delegation} was ${done}${scope}${since} already; nothing changed\n${labelled([['revision', revision]])}`;
  }
  const verdict = dryRun ? `would be ${done}` : paint('bad', done);
  const dead = dies.map(({ depth, name, delegation: id, from, to }) => [
    `${'  '.repeat(depth - Math.min(...dies.map((one) => one.depth)))}${name ?? id}`,
    `${from} → ${to}`,
    name === undefined ? '' : id,
  ]);
  const kept = keeps.map(({ to, through, capabilities }) => [
    to,
    capabilities.map(capabilityWords).join('; '),
    through,
  ]);
  return [
    `${verdict}: ${delegation}${scope}`,
    `\n  dies${dryRun ? ' (nothing was changed)' : ''}`,
    columns(dead, '    '),
    ...(kept.length === 0 ? [] : ['\n  keeps, through another delegation', columns(kept, '    ')]),
    `\n${labelled([['revision', revision]])}`,
  ].join('\n');
}
