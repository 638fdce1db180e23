import { relationshipKey } from '../../core/change.ts';
import { checkDelegations, deriveEntry, excessProblems, provisional } from '../../core/delegation/check-delegations.ts';
import { Forest } from '../../core/delegation/forest.ts';
import type { DelegationNode } from '../../core/delegation/node.ts';
import { type DelegationEntry, parseDelegationFile } from '../../core/delegation/parse-delegations.ts';
import type { EntityId } from '../../core/entity.ts';
import type { Problem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, Snapshot } from '../../core/snapshot.ts';
import { State } from '../../core/state.ts';
import type { SourceFile } from '../bundles/publish.ts';
import { vocabularyOf } from '../bundles/vocabulary.ts';
import { parseSeed, type SeedFile, seedProblems } from '../parse-seed.ts';
import { seedFaults } from '../seed.ts';
import type { Suite } from './suite.ts';

/** Files that a suite names. */
export interface Surroundings {
  /** The file at `path` as seen from the file `from`, or those of a directory; or why they cannot be read. */
  files(from: string, path: string): Result<readonly SourceFile[], string>;
  /** The problem under the path that its reader knows. */
  inPlace(problem: Problem): Problem;
}

/** What a store would hold, put together for one test. */
export interface Stage {
  readonly snapshot: Snapshot;
  /** The id of a delegation by its name. */
  readonly delegations: ReadonlyMap<string, string>;
}

/** A session lasts as long as the shortest that a delegation may allow: the clock of a test does not move. */
const SESSION_MS = 1000;

/**
 * Builds the world of a suite under a bundle, at a time (ms), with sessions of the named delegations open for the
 * origins; or everything that is wrong with its seed and delegations.
 */
export function setStage(
  suite: Suite,
  bundle: Bundle,
  now: number,
  sessions: { readonly names: readonly string[]; readonly origins: readonly EntityId[] },
  surroundings: Surroundings,
): Result<Stage, readonly Problem[]> {
  const state = new State();
  const delegations = new Map<string, string>();
  const { world } = suite;
  if (world === undefined) return ok({ snapshot: state.snapshot(bundle), delegations });

  const problems: Problem[] = [];
  const seeds: SeedFile[] = [world.seed];
  for (const file of named(suite.file, world.seedFile, surroundings, problems)) {
    const parsed = parseSeed(file);
    if (parsed.ok) seeds.push(parsed.value);
    else problems.push(...parsed.error);
  }
  for (const seed of seeds) {
    problems.push(...seedProblems(seed, seedFaults(seed, { bundle })));
    for (const entity of seed.entities) {
      state.apply({ kind: 'entity', key: entity.entity, value: { ...entity, suspended: false, deleted: false } }, 1);
    }
    for (const tuple of seed.tuples) {
      state.apply({ kind: 'relationship', key: relationshipKey(tuple), value: tuple }, 1);
    }
  }

  const entries: DelegationEntry[] = [...world.delegations];
  for (const file of named(suite.file, world.delegationFiles, surroundings, problems)) {
    const parsed = parseDelegationFile(file);
    if (parsed.ok) entries.push(...parsed.value);
    else problems.push(...parsed.error);
  }
  if (problems.length > 0) return err(problems);
  const ordered = checkDelegations(entries, vocabularyOf(bundle), now);
  if (!ordered.ok) return ordered;
  delegate(ordered.value, state, delegations, now, problems);
  openSessions(sessions, state, delegations, now, suite.file, problems);
  return problems.length > 0 ? err(problems) : ok({ snapshot: state.snapshot(bundle), delegations });
}

function named(
  from: string,
  path: string | undefined,
  surroundings: Surroundings,
  problems: Problem[],
): readonly SourceFile[] {
  if (path === undefined) return [];
  const found = surroundings.files(from, path);
  if (found.ok) return found.value;
  problems.push({ file: from, message: found.error });
  return [];
}

function delegate(
  entries: readonly DelegationEntry[],
  state: State,
  ids: Map<string, string>,
  now: number,
  problems: Problem[],
): void {
  const forest = new Forest();
  const nodes = new Map<string, DelegationNode>();
  for (const entry of entries) {
    const derived = deriveEntry(entry, entry.parent === undefined ? undefined : nodes.get(entry.parent), now);
    if (!derived.ok) {
      problems.push(...excessProblems(entry, derived.error));
      continue;
    }
    const delegation = provisional(entry, derived.value, now);
    forest.add(delegation);
    const node = forest.get(delegation.id);
    if (node !== undefined) nodes.set(entry.name, node);
    ids.set(entry.name, delegation.id);
    state.apply({ kind: 'delegation', key: delegation.id, value: delegation }, 1);
  }
}

function openSessions(
  { names, origins }: { readonly names: readonly string[]; readonly origins: readonly EntityId[] },
  state: State,
  ids: ReadonlyMap<string, string>,
  now: number,
  file: string,
  problems: Problem[],
): void {
  for (const name of names) {
    const delegation = ids.get(name);
    if (delegation === undefined) {
      problems.push({ file, message: 'a session is of a delegation that is not there', found: name });
      continue;
    }
    for (const origin of origins) {
      const id = `session:${name}|${origin}`;
      const value = {
        id,
        delegation,
        origin,
        created_at: now,
        expires_at: now + SESSION_MS,
        by: 'test',
      };
      state.apply({ kind: 'activation', key: id, value }, 1);
    }
  }
}
