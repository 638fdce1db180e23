import { checkDelegations, type Vocabulary } from '../core/delegation/check-delegations.ts';
import { type DelegationEntry, parseDelegationFile } from '../core/delegation/parse-delegations.ts';
import type { Problem } from '../core/problem.ts';
import { err, type Result } from '../core/result.ts';
import type { Bundle } from '../core/snapshot.ts';
import { type SourceFile, validateBundle } from '../engine/bundles/publish.ts';
import { vocabularyOf } from '../engine/bundles/vocabulary.ts';
import type { Sources } from './read-sources.ts';

export interface CheckedSources {
  readonly bundle: Result<Bundle, readonly Problem[]>;
  /** Parents first. */
  readonly delegations: Result<readonly DelegationEntry[], readonly Problem[]>;
}

/** Everything that is wrong with what the directories hold, under the paths that their reader knows. */
export function checkSources(sources: Sources, now: number): CheckedSources {
  const bundle = validateBundle(sources.files);
  const vocabulary = bundle.ok ? vocabularyOf(bundle.value) : UNKNOWN_VOCABULARY;
  const delegations = readDelegations(sources.delegations, vocabulary, now);
  return { bundle: inPlace(bundle, sources), delegations: inPlace(delegations, sources) };
}

/** The entries of all delegation files, checked together. */
export function readDelegations(
  files: readonly SourceFile[],
  vocabulary: Vocabulary,
  now: number,
): Result<readonly DelegationEntry[], readonly Problem[]> {
  const parsed = files.map(parseDelegationFile);
  const problems = parsed.flatMap((file) => (file.ok ? [] : file.error));
  const entries = parsed.flatMap((file) => (file.ok ? file.value : []));
  const checked = checkDelegations(entries, vocabulary, now);
  if (problems.length === 0) return checked;
  // A parent may stand in a file that cannot be read: what is said about missing ones could be wrong.
  return err(problems);
}

/** For whoever cannot know the types: then the server says what is wrong with them. */
export const UNKNOWN_VOCABULARY: Vocabulary = { knowsType: () => true, knowsRelation: () => true };

function inPlace<T>(checked: Result<T, readonly Problem[]>, sources: Sources): Result<T, readonly Problem[]> {
  return checked.ok ? checked : err(checked.error.map((problem) => sources.inPlace(problem)));
}
