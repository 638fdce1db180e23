import { isBundleFile } from '../core/bundle.ts';
import type { Problem } from '../core/problem.ts';
import { ok, type Result } from '../core/result.ts';
import type { SourceFile } from '../engine/bundles/publish.ts';
import { CommandError } from './command.ts';
import { readSources, type Sources } from './read-sources.ts';

/** The files of a bundle as directories hold them, and where they stand. */
export interface BundleFiles {
  readonly files: readonly SourceFile[];
  readonly inPlace: Sources['inPlace'];
}

/**
 * The files of the two directories that belong to a bundle; delegations and tests do not. Throws `CommandError` where
 * there is none: publishing that would deny everything.
 */
export function readBundleFiles(
  directories: Parameters<typeof readSources>[0],
): Result<BundleFiles, readonly Problem[]> {
  const sources = readSources(directories);
  if (!sources.ok) return sources;
  const files = sources.value.files.filter(({ path }) => isBundleFile(path)).map(({ path, text }) => ({ path, text }));
  if (files.length === 0) {
    throw new CommandError(
      `there is no file of a model or policy in ${directories.model.path} and ${directories.policies.path}: --model DIR, --policies DIR`,
    );
  }
  return ok({ files, inPlace: sources.value.inPlace });
}
