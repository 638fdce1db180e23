import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config, SourceDirectory } from '../config.ts';
import { err, ok } from '../core/result.ts';
import type { SourceFile } from '../engine/bundles/publish.ts';
import type { Surroundings } from '../engine/policy-tests/stage.ts';
import { isTestFile } from '../engine/run-tests.ts';
import { readTextFile } from '../text-file.ts';
import { CommandError } from './command.ts';

interface Places {
  readonly model: SourceDirectory;
  readonly policies: SourceDirectory;
  /** Picks tests by where they are; absent: all of them. */
  readonly only?: (path: string) => boolean;
}

const NOWHERE: SourceDirectory = { path: '', stated: false };

/**
 * Where model and policies of a test run are. A path may be either directory (the other is then its neighbour, under
 * its usual name), one that holds both, or a single test; a directory that a flag names wins.
 */
export function placesOf({ model, policies }: Pick<Config, 'model' | 'policies'>, path: string | undefined): Places {
  if (path === undefined) return { model, policies };
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandError(`there is no ${path}`);
  if (!found.isDirectory()) {
    if (!isTestFile(path)) throw new CommandError(`${path} is no test: tests are called *_test.yaml and *.fga.yaml`);
    const wanted = resolve(path);
    return { ...placesOf({ model, policies }, rootOf(dirname(path))), only: (file) => resolve(file) === wanted };
  }
  const named = (directory: SourceDirectory, otherwise: string | undefined): SourceDirectory => {
    if (directory.stated) return directory;
    return otherwise === undefined ? NOWHERE : { path: otherwise, stated: false };
  };
  if (isDirectory(join(path, 'policies')) || isDirectory(join(path, 'model'))) {
    return { model: named(model, join(path, 'model')), policies: named(policies, join(path, 'policies')) };
  }
  if (readdirSync(path).some((name) => name.endsWith('.fga'))) {
    return { model: { path, stated: true }, policies: named(policies, undefined) };
  }
  return { model: named(model, join(path, '..', 'model')), policies: { path, stated: true } };
}

/** A single test lies anywhere below the policies: up to the directory that is called so, or where it is. */
function rootOf(directory: string): string {
  const absolute = resolve(directory);
  for (let at = absolute; dirname(at) !== at; at = dirname(at)) {
    if (/[\\/](policies|model)$/.test(at)) return at;
  }
  return absolute;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Files that tests name, from where they are; those of a directory in the order of their names. */
export function surroundingsOf(known: readonly SourceFile[], inPlace: Surroundings['inPlace']): Surroundings {
  return {
    inPlace,
    files: (from, path) => {
      const isKnown = known.some((file) => file.path === from);
      const target = join(dirname(isKnown ? (inPlace({ file: from, message: '' }).file ?? from) : from), path);
      if (!existsSync(target)) return err(`there is no ${path} (looked for ${target})`);
      try {
        if (!isDirectory(target)) return ok([{ path: target, text: readTextFile(target) }]);
        const names = readdirSync(target).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
        const paths = names.sort().map((name) => join(target, name));
        return ok(paths.map((one) => ({ path: one, text: readTextFile(one) })));
      } catch (fault) {
        return err(`${target} cannot be read: ${fault instanceof Error ? fault.message : fault}`);
      }
    },
  };
}
