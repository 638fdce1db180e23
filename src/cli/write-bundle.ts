import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import type { BundleFile } from '../client/client.ts';
import { CommandError } from './command.ts';

/** Writes the files of a bundle into a directory that holds nothing yet. */
export function writeBundle(directory: string, files: readonly BundleFile[]): void {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new CommandError(`${directory} is not empty: name a new directory`);
  }
  for (const { path, text } of files) {
    // The server is not this machine's owner: nothing is written outside.
    if (normalize(path) !== path.split('/').join(sep) || !/^(model|policies)\//.test(path)) {
      throw new CommandError(`the server names a file ${path}, which is no file of a bundle`);
    }
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
