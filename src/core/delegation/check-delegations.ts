import type { Problem } from '../problem.ts';
import { err, ok, type Result } from '../result.ts';
import type { Place } from '../yaml-value.ts';
import { type DerivedDelegation, deriveChild, deriveRoot, type Excess } from './attenuation.ts';
import type { Delegation } from './delegation.ts';
import { type DelegationDraft, draftFaults } from './draft.ts';
import { Forest } from './forest.ts';
import type { DelegationNode } from './node.ts';
import type { DelegationEntry } from './parse-delegations.ts';

/** What the model and the policies know, as far as delegations name it. */
export interface Vocabulary {
  knowsType(type: string): boolean;
  knowsRelation(type: string, relation: string): boolean;
}

/**
 * Checks the entries of all files together: names and parents, types and patterns, and that every entry lies within its
 * parent. Gives them parents first, otherwise in the order of the files; or everything that is wrong, with its place.
 *
 * @param now Milliseconds since 1970, from which `expires_in` counts.
 */
export function checkDelegations(
  entries: readonly DelegationEntry[],
  vocabulary: Vocabulary,
  now: number,
): Result<readonly DelegationEntry[], readonly Problem[]> {
  const problems: Problem[] = [];
  const byName = new Map<string, DelegationEntry>();
  for (const entry of entries) {
    const first = byName.get(entry.name);
    if (first === undefined) byName.set(entry.name, entry);
    else {
      problems.push({
        ...placeOf(entry, 'name'),
        message: 'two delegations have one name',
        found: entry.name,
        expected: `one: ${first.place.file}:${first.place.line} has it already`,
      });
    }
  }
  const faulty = new Set<DelegationEntry>();
  for (const entry of entries) {
    const faults = [
      ...draftFaults(toDraft(entry, now), (type) => vocabulary.knowsType(type), now),
      ...setFaults(entry, vocabulary),
    ];
    if (faults.length > 0) faulty.add(entry);
    for (const { field, message } of faults) {
      problems.push({
        ...placeOf(entry, field),
        message: message.startsWith(field) ? message : `${field}: ${message}`,
      });
    }
  }
  const ordered = parentsFirst(byName, problems);
  const forest = new Forest();
  for (const entry of ordered) {
    const parent = entry.parent === undefined ? undefined : forest.get(provisionalId(entry.parent));
    // Below a parent that is wrong itself nothing more can be said.
    if (faulty.has(entry) || (entry.parent !== undefined && parent === undefined)) continue;
    const derived = deriveEntry(entry, parent, now);
    if (derived.ok) forest.add(provisional(entry, derived.value, now));
    else problems.push(...excessProblems(entry, derived.error));
  }
  return problems.length > 0 ? err(problems) : ok(ordered);
}

/** The draft that an entry asks for; the parent's id is known only to whoever applies it. */
export function toDraft(entry: DelegationEntry, now: number, parent?: DelegationNode): DelegationDraft {
  const { place: _place, places: _places, expires_in: seconds, parent: name, ...terms } = entry;
  // A delegation cannot outlive its parent, and a length of time is an upper bound: no reason to refuse.
  const expiresAt =
    seconds === undefined ? undefined : Math.min(now + seconds * 1000, parent?.expiresAt ?? Number.POSITIVE_INFINITY);
  const above = parent?.delegation.id ?? (name === undefined ? undefined : provisionalId(name));
  return {
    ...terms,
    ...(above === undefined ? undefined : { parent: above }),
    ...(expiresAt === undefined ? undefined : { expires_at: expiresAt }),
  };
}

/** What an entry becomes below `parent`, or all in which it is wider. */
export function deriveEntry(
  entry: DelegationEntry,
  parent: DelegationNode | undefined,
  now: number,
): Result<DerivedDelegation, readonly Excess[]> {
  const draft = toDraft(entry, now, parent);
  return parent === undefined ? deriveRoot({ ...draft, from: draft.from ?? '' }, now) : deriveChild(draft, parent);
}

/** The delegation as it would be stored, under an id that no stored one has. */
export function provisional(entry: DelegationEntry, derived: DerivedDelegation, now: number): Delegation {
  return {
    ...derived,
    id: provisionalId(entry.name),
    created_at: now,
    created_by: entry.place.file,
    basis: 'organisation',
    revision: 0,
  };
}

export function excessProblems(entry: DelegationEntry, excess: readonly Excess[]): readonly Problem[] {
  return excess.map(({ field, asked, allowed }) => ({
    ...placeOf(entry, field),
    message: `"${entry.name}" is wider than ${entry.parent === undefined ? 'it can be' : `its parent "${entry.parent}"`}: ${field}`,
    found: asked,
    expected: allowed,
  }));
}

function provisionalId(name: string): string {
  return `file:${name}`;
}

/** The nearest place that is known: of the field, of what it is part of, of the entry. */
function placeOf(entry: DelegationEntry, field: string): Place {
  for (let at = field; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const place = entry.places.get(at);
    if (place !== undefined) return place;
  }
  return entry.place;
}

/** A set that the model cannot have members of would be a template for nobody. */
function setFaults({ from }: DelegationEntry, vocabulary: Vocabulary) {
  const [object = '', relation] = from?.split('#') ?? [];
  const type = object.slice(0, Math.max(0, object.indexOf(':')));
  if (relation === undefined || !vocabulary.knowsType(type) || vocabulary.knowsRelation(type, relation)) return [];
  return [{ field: 'from', message: `the model gives the type ${type} no relation ${relation}` }];
}

function parentsFirst(byName: ReadonlyMap<string, DelegationEntry>, problems: Problem[]): readonly DelegationEntry[] {
  const ordered = new Set<DelegationEntry>();
  const refused = new Set<DelegationEntry>();
  for (const entry of byName.values()) {
    // From the entry up to what is settled already, or to where it goes wrong.
    const climbed: DelegationEntry[] = [];
    let problem: Problem | undefined;
    for (let at: DelegationEntry | undefined = entry; at !== undefined && !ordered.has(at); ) {
      if (refused.has(at)) break;
      if (climbed.includes(at)) {
        const names = [...climbed.slice(climbed.indexOf(at)), at].map(({ name }) => name);
        problem = { ...placeOf(at, 'parent'), message: 'the parents go in a circle', found: names.join(' → ') };
        break;
      }
      climbed.push(at);
      const above: DelegationEntry | undefined = at.parent === undefined ? undefined : byName.get(at.parent);
      if (at.parent !== undefined && above === undefined) {
        problem = {
          ...placeOf(at, 'parent'),
          message: 'no delegation in the files has this name',
          found: at.parent,
          expected: [...byName.keys()].filter((name) => name !== at?.name).join(', ') || 'another delegation',
        };
        break;
      }
      at = above;
    }
    const top = climbed.at(-1);
    const stuck = problem !== undefined || (top?.parent !== undefined && refused.has(byName.get(top.parent) ?? top));
    if (problem !== undefined) problems.push(problem);
    for (const one of climbed.reverse()) (stuck ? refused : ordered).add(one);
  }
  return [...ordered];
}
