import type { Caller } from '../../callers/caller.ts';
import { isBundleFile } from '../../core/bundle.ts';
import type { BundleSource } from '../../core/change.ts';
import type { Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { type Published, publish, type SourceFile } from './publish.ts';

/** One publication: the same bundle may have been published more than once. */
export interface Publication {
  readonly digest: string;
  /** From which revision on. */
  readonly revision: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Caller id. */
  readonly by: string;
  /** `publish`, `rollback`, or the word of whatever else put it in force. */
  readonly act: string;
  readonly files: number;
  readonly inForce: boolean;
}

/** Digests may be shortened to as many characters as people copy by hand. */
const SHORTEST_PREFIX = 8;

/** Every publication, the newest first: the first one is in force. */
export function listBundles(ledger: Ledger, caller: Caller): Result<readonly Publication[], Failure> {
  const permitted = requireReader(caller);
  if (!permitted.ok) return permitted;
  const versions = ledger.store.versions('bundle', 'current');
  return ok(
    versions.map(({ value, revision, at, by, act }, index) => ({
      digest: value.digest,
      revision: ledger.token(revision),
      at,
      by,
      act,
      files: value.files.length,
      inForce: index === 0,
    })),
  );
}

/**
 * The sources of a published bundle.
 *
 * @param named its digest, with or without `sha256:`, of which 8 digits suffice where they name one; or `current`
 */
export function getBundle(ledger: Ledger, named: string, caller: Caller): Result<BundleSource, Failure> {
  const permitted = requireReader(caller);
  return permitted.ok ? findBundle(ledger, named) : permitted;
}

/** The same for whoever may read them already. */
export function findBundle(ledger: Ledger, named: string): Result<BundleSource, Failure> {
  const versions = ledger.store.versions('bundle', 'current');
  if (named === 'current') {
    const latest = versions[0]?.value;
    return latest === undefined ? err(failure('not_found', 'no bundle was published yet')) : ok(latest);
  }
  const digits = named.startsWith('sha256:') ? named.slice('sha256:'.length) : named;
  if (!/^[0-9a-f]{1,64}$/.test(digits) || digits.length < SHORTEST_PREFIX) {
    return err(
      failure('invalid', `"${named.slice(0, 80)}" is no digest: sha256: and at least ${SHORTEST_PREFIX} hex digits`),
    );
  }
  const found = new Map<string, BundleSource>();
  for (const { value } of versions) {
    if (value.digest.startsWith(`sha256:${digits}`)) found.set(value.digest, value);
  }
  const [first, second] = found.values();
  if (first === undefined) return err(failure('not_found', `no bundle sha256:${digits} was ever published here`));
  if (second !== undefined) {
    return err(failure('conflict', `several bundles begin with sha256:${digits}: ${[...found.keys()].join(', ')}`));
  }
  return ok(first);
}

/**
 * Publishes a bundle of the past again: compiled anew, and held against the relationships of now, as any publication is
 * (design, section 7).
 */
export function rollback(
  ledger: Ledger,
  named: string,
  caller: Caller,
  options: { readonly orphans: 'refuse' | 'allow' },
): Result<Published, Failure> {
  const permitted = requireRole(caller, 'author', 'administer');
  if (!permitted.ok) return permitted;
  const source = findBundle(ledger, named);
  return source.ok ? publish(ledger, source.value.files, caller, { ...options, act: 'rollback' }) : source;
}

/** What is wrong with a list of files before anybody reads them: names that no bundle has, or has once only. */
export function fileListProblems(files: readonly SourceFile[]): readonly Problem[] {
  const problems: Problem[] = [];
  const once = new Set<string>();
  if (files.length === 0) {
    problems.push({ message: 'there is no file: a bundle without any would deny everything', expected: 'files' });
  }
  for (const { path } of files) {
    if (!isBundleFile(path) || path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      problems.push({
        file: path,
        message: 'this is not a file of a bundle',
        expected: 'model/….fga, policies/….yaml or policies/behalf.yaml',
      });
    }
    if (once.has(path)) problems.push({ file: path, message: 'the file is there twice', expected: 'once' });
    once.add(path);
  }
  return problems;
}

function requireReader(caller: Caller): Result<void, Failure> {
  return requireRole(caller, 'author', 'audit', 'administer');
}
