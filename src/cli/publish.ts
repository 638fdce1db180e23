import type { Command } from 'commander';
import type { Published } from '../client/client.ts';
import { loadConfig } from '../config.ts';
import {
  type Context,
  connect,
  EXIT,
  type Finish,
  printJson,
  printProblems,
  type RemoteOptions,
  remoteCommand,
} from './command.ts';
import { flagsOf, withConfigFlags } from './config-flags.ts';
import { counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

interface PublishOptions extends RemoteOptions {
  readonly allowOrphans?: boolean;
}

export function publishCommand({ terminal }: Context, finish: Finish): Command {
  const command = remoteCommand('publish', 'put the model and policies of the directories in force, whole and at once');
  return withConfigFlags(command, ['model', 'policies'])
    .option('--allow-orphans', 'even if stored relationships no longer count under it')
    .action(async ({ url, key, json, allowOrphans, ...options }: PublishOptions) => {
      const config = loadConfig(flagsOf(options as { readonly [name: string]: unknown }), terminal.env);
      const { readBundleFiles } = await import('./bundle-files.ts');
      const read = config.ok ? readBundleFiles(config.value) : config;
      if (!read.ok) {
        printProblems(terminal, read.error);
        return finish(EXIT.fault);
      }
      const { files, inPlace } = read.value;
      const remote = { ...(url === undefined ? {} : { url }), ...(key === undefined ? {} : { key }) };
      try {
        const orphans = allowOrphans === true ? 'allow' : 'refuse';
        const published = await connect(remote, terminal).bundles.publish(files, orphans);
        if (json === true) printJson(terminal, published);
        else printPublished(terminal, published, `of ${counted(files.length, 'file')}`);
        return finish(EXIT.ok);
      } catch (fault) {
        const { printRefusal } = await import('./bundle-refusal.ts');
        return finish(printRefusal(terminal, fault, inPlace));
      }
    });
}

export function printPublished(terminal: Terminal, { digest, revision, changed }: Published, what: string): void {
  const verdict = changed ? terminal.paint('good', 'in force') : 'unchanged';
  terminal.out(`${verdict}: bundle ${digest.slice(0, 19)} ${what}, revision ${revision}`);
}
