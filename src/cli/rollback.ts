import type { Command } from 'commander';
import {
  CommandError,
  type Context,
  connect,
  EXIT,
  type Finish,
  printJson,
  type RemoteOptions,
  remoteCommand,
} from './command.ts';
import { printPublished } from './publish.ts';

interface RollbackOptions extends RemoteOptions {
  readonly allowOrphans?: boolean;
}

export function rollbackCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('rollback', 'put a bundle of the past in force again')
    .argument('[digest]', 'of which 8 digits suffice where they name one; default: the one before')
    .option('--allow-orphans', 'even if stored relationships no longer count under it')
    .action(async (named: string | undefined, options: RollbackOptions) => {
      const { bundles } = connect(options, terminal);
      let digest = named;
      if (digest === undefined) {
        const published = await bundles.list();
        digest = published.find((one) => one.digest !== published[0]?.digest)?.digest;
        if (digest === undefined) throw new CommandError('there is no bundle before the one in force');
      }
      try {
        const published = await bundles.rollback(digest, options.allowOrphans === true ? 'allow' : 'refuse');
        if (options.json === true) printJson(terminal, published);
        else printPublished(terminal, published, 'again');
        return finish(EXIT.ok);
      } catch (fault) {
        const { printRefusal } = await import('./bundle-refusal.ts');
        return finish(printRefusal(terminal, fault));
      }
    });
}
