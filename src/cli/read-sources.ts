import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SourceDirectory } from '../config.ts';
import type { Problem } from '../core/problem.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SourceFile } from '../engine/bundles/publish.ts';
import { readTextFile } from '../text-file.ts';

/** What people write in the two directories, with paths as a bundle names them: `model/…`, `policies/…`. */
export interface Sources {
  readonly files: readonly SourceFile[];
  /** Those below `policies/delegations/`: applied, not published. */
  readonly delegations: readonly SourceFile[];
  /** Neither directory is there, and nobody named one. */
  readonly absent: boolean;
  /** The problem under the path that its reader knows. */
  inPlace(problem: Problem): Problem;
}

const DELEGATIONS = 'policies/delegations/';
const SOURCE = /\.(fga|ya?ml|json)$/;
const MISNAMED_SETTINGS = /^policies\/behalf\.(yml|json)$/;

/** Reads both directories. One that was named must exist: without its deny rules more would be allowed. */
export function readSources(directories: {
  readonly model: SourceDirectory;
  readonly policies: SourceDirectory;
}): Result<Sources, readonly Problem[]> {
  const { model, policies } = directories;
  const problems: Problem[] = [];
  const found = [readDirectory('model', model, problems), readDirectory('policies', policies, problems)];
  const files = found.flatMap((one) => one ?? []);
  const inPlace = (problem: Problem): Problem => {
    const [root, ...rest] = problem.file?.split('/') ?? [];
    if (root !== 'model' && root !== 'policies') return problem;
    return { ...problem, file: join(shown((root === 'model' ? model : policies).path), ...rest) };
  };
  for (const { path } of files.filter((file) => MISNAMED_SETTINGS.test(file.path))) {
    problems.push(inPlace({ file: path, message: 'the settings have another name', expected: 'behalf.yaml' }));
  }
  if (problems.length > 0) return err(problems);
  return ok({
    files: files.filter(({ path }) => !path.startsWith(DELEGATIONS)),
    delegations: files.filter(({ path }) => path.startsWith(DELEGATIONS) && /\.ya?ml$/.test(path)),
    absent: found.every((one) => one === undefined),
    inPlace,
  });
}

function readDirectory(
  root: 'model' | 'policies',
  { path, stated }: SourceDirectory,
  problems: Problem[],
): readonly SourceFile[] | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    if (stated) problems.push({ message: `there is no directory ${path}, which was named for the ${root}` });
    return undefined;
  }
  try {
    return walk(path, root);
  } catch (fault) {
    problems.push({ message: `${path} cannot be read: ${fault instanceof Error ? fault.message : fault}` });
    return [];
  }
}

/** Files of a kind that is looked at, in an order that does not depend on the file system; nothing hidden. */
function walk(directory: string, name: string): readonly SourceFile[] {
  const names = readdirSync(directory).filter((entry) => !entry.startsWith('.'));
  return names.sort().flatMap((entry) => {
    const path = join(directory, entry);
    // Follows symbolic links: a mounted ConfigMap consists of them.
    const stat = statSync(path);
    if (stat.isDirectory()) return walk(path, `${name}/${entry}`);
    return stat.isFile() && SOURCE.test(entry) ? [{ path: `${name}/${entry}`, text: readTextFile(path) }] : [];
  });
}

/** A path as short as it can be said from here. */
export function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
