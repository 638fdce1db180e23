import type { Command } from 'commander';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { columns, counted } from './layout.ts';

interface BundlesOptions extends RemoteOptions {
  readonly out?: string;
}

export function bundlesCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('bundles', 'the bundles that were published, newest first; with a digest, the files of one')
    .argument('[digest]', 'of which 8 digits suffice where they name one; or current')
    .option('--out <DIR>', 'write the files of the bundle into a new directory')
    .action(async (digest: string | undefined, options: BundlesOptions) => {
      const client = connect(options, terminal);
      if (digest === undefined) {
        const publications = await client.bundles.list();
        if (options.json === true) printJson(terminal, publications);
        else if (publications.length === 0) terminal.out('no bundle was published yet');
        else {
          const rows = publications.map((one) => [
            one.in_force ? terminal.paint('good', '*') : ' ',
            one.digest.slice(0, 19),
            one.at.replace(/\.\d+Z$/, 'Z'),
            one.act,
            `by ${one.by}`,
            counted(one.files, 'file'),
            one.revision,
          ]);
          terminal.out(columns(rows));
        }
        return finish(EXIT.ok);
      }
      const bundle = await client.bundles.get(digest);
      if (options.out !== undefined) {
        const { writeBundle } = await import('./write-bundle.ts');
        writeBundle(options.out, bundle.files);
        terminal.out(
          `${counted(bundle.files.length, 'file')} of ${bundle.digest.slice(0, 19)} written to ${options.out}`,
        );
      } else if (options.json === true) printJson(terminal, bundle);
      else {
        const rows = bundle.files.map(({ path, text }) => [path, counted(text.split('\n').length - 1, 'line')]);
        terminal.out(`${bundle.digest}\n${columns(rows, '  ')}`);
      }
      return finish(EXIT.ok);
    });
}
