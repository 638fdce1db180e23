import type { Command } from 'commander';
import { type Context, type Finish, type RemoteOptions, remoteCommand } from './command.ts';

export interface ApplyOptions extends RemoteOptions {
  readonly policies?: string;
  readonly config?: string;
  readonly prune?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export function applyCommand({ terminal, now }: Context, finish: Finish): Command {
  return remoteCommand('apply', 'bring the delegations of policies/delegations in force, showing the plan first')
    .option('--policies <DIR>', 'directory of the policies (default: "policies")')
    .option('--config <FILE>', 'keys of the configuration as YAML (BEHALF_CONFIG)')
    .option('--prune', 'revoke what is in force and in no file')
    .option('--dry-run', 'show the plan; change nothing')
    .option('--yes', 'do not ask')
    .action(async (options: ApplyOptions) => {
      const { runApply } = await import('./run-apply.ts');
      return finish(await runApply(options, now(), terminal));
    });
}
