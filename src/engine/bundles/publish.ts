import { createHash } from 'node:crypto';
import type { Caller } from '../../callers/caller.ts';
import { compileBundle, isBundleFile } from '../../core/bundle.ts';
import { type BundleSource, relationshipKey } from '../../core/change.ts';
import { formatProblem, type Problem } from '../../core/problem.ts';
import { validateTuple } from '../../core/relationships/validate-tuple.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, Snapshot } from '../../core/snapshot.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';

export interface SourceFile {
  /** Beginning with `model/` or `policies/`. */
  readonly path: string;
  readonly text: string;
}

/** The sources of a bundle under their digest: the same files give the same name, wherever and whenever. */
export function toBundleSource(files: readonly SourceFile[]): BundleSource {
  const kept = files
    .filter((file) => isBundleFile(file.path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, text }) => ({ path, text }));
  const hash = createHash('sha256').update(JSON.stringify(kept.map(({ path, text }) => [path, text])));
  return { digest: `sha256:${hash.digest('hex')}`, files: kept };
}

/** Compiles sources without publishing them. */
export function validateBundle(files: readonly SourceFile[]): Result<Bundle, readonly Problem[]> {
  return compileBundle(toBundleSource(files));
}

export interface Published {
  readonly digest: string;
  readonly revision: string;
  /** False if the very same bundle was in force already. */
  readonly changed: boolean;
}

/**
 * Puts a bundle in force, whole and at once. Refuses one with errors, and one under which stored relationships
 * would be orphans, listing them, unless told otherwise; orphans never count (design, section 7).
 */
export function publish(
  ledger: Ledger,
  files: readonly SourceFile[],
  caller: Caller,
  options: { readonly orphans: 'refuse' | 'allow'; readonly act?: 'publish' | 'rollback' },
): Result<Published, Failure> {
  const permitted = requireRole(caller, 'author', 'administer');
  if (!permitted.ok) return permitted;
  const source = toBundleSource(files);
  return ledger.write<Published>(caller, ({ revision, snapshot }) => {
    if (source.digest === snapshot.bundle.digest) {
      return ok({
        act: 'none',
        changes: [],
        answer: { digest: source.digest, revision: ledger.token(), changed: false },
      });
    }
    const bundle = compileBundle(source);
    if (!bundle.ok) {
      const lines = bundle.error.map(formatProblem);
      const message = `the bundle has ${lines.length} error(s):\n${lines.join('\n')}`;
      return err({ ...failure('unprocessable', message), problems: bundle.error });
    }
    const orphans = options.orphans === 'allow' ? [] : orphansOf(snapshot, bundle.value);
    if (orphans.length > 0) {
      return err(
        failure(
          'conflict',
          `the bundle would orphan ${orphans.length} stored relationship(s), which would then never count:\n${orphans.slice(0, 20).join('\n')}`,
        ),
      );
    }
    return ok({
      act: options.act ?? 'publish',
      changes: [{ kind: 'bundle', key: 'current', value: source }],
      answer: { digest: source.digest, revision: ledger.token(revision), changed: true },
    });
  });
}

function orphansOf(snapshot: Snapshot, bundle: Bundle): readonly string[] {
  const orphans: string[] = [];
  for (const relationship of snapshot.tuples.all()) {
    if (bundle.model === undefined || validateTuple(relationship, bundle.model) !== undefined) {
      orphans.push(relationshipKey(relationship));
    }
  }
  return orphans.sort();
}
