import type { Caller } from '../../callers/caller.ts';
import { relationshipKey } from '../../core/change.ts';
import { Budget } from '../../core/limits.ts';
import type { Relationship } from '../../core/relationships/membership.ts';
import type { Steps } from '../../core/relationships/steps.ts';
import { compareText } from '../../core/relationships/tuple-order.ts';
import type { TupleReader } from '../../core/relationships/tuples.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { inSlices } from '../slices.ts';
import type { RelationshipFailure } from './relationship-failure.ts';

export interface RelationshipFilter {
  readonly user?: string;
  readonly relation?: string;
  /** One that ends on `:` stands for every object of its type, as in OpenFGA. */
  readonly object?: string;
}

/** A relationship and when it was written, in milliseconds since 1970. */
export interface StoredRelationship {
  readonly relationship: Relationship;
  readonly at: number;
}

export interface RelationshipPage {
  readonly found: readonly StoredRelationship[];
  /** The key of the last one, if there are more. */
  readonly next?: string;
}

export interface PageOfKeys {
  readonly after?: string;
  readonly limit: number;
}

/** Stored relationships that match, in the order of their keys (OpenFGA's Read), looked through in turns. */
export async function readRelationships(
  ledger: Ledger,
  filter: RelationshipFilter,
  page: PageOfKeys,
  caller: Caller,
  signal?: AbortSignal,
): Promise<Result<RelationshipPage, RelationshipFailure>> {
  const permitted = requireRole(caller, 'author', 'audit');
  if (!permitted.ok) return permitted;
  const read = await inSlices(ledger, ({ tuples }) => ok(find(tuples, filter, page)), {
    budget: new Budget(),
    ...(signal === undefined ? undefined : { signal }),
  });
  if (!read.ok) return read;
  const found = read.value.value;
  const shown = found.slice(0, page.limit);
  const last = shown.at(-1);
  return ok({
    found: shown.map(({ key, relationship }) => ({ relationship, at: writtenAt(ledger, key) })),
    ...(found.length > shown.length && last !== undefined ? { next: last.key } : undefined),
  });
}

interface Found {
  readonly key: string;
  readonly relationship: Relationship;
}

/** Relationships looked at in one step. */
const ROWS_PER_STEP = 200;

/** The matches behind `after`, in order: one more than the limit where there are more. */
function* find(tuples: TupleReader, filter: RelationshipFilter, { after = '', limit }: PageOfKeys): Steps<Found[]> {
  let found: Found[] = [];
  let looked = 0;
  for (const relationship of candidates(tuples, filter)) {
    looked += 1;
    if (looked % ROWS_PER_STEP === 0) yield;
    if (!matches(relationship, filter)) continue;
    const key = relationshipKey(relationship);
    if (key <= after) continue;
    found.push({ key, relationship });
    // Not all of them are kept: of a million matches only the first few are shown.
    if (found.length > 10 * (limit + 1)) found = firstOf(found, limit + 1);
  }
  return firstOf(found, limit + 1);
}

function firstOf(found: readonly Found[], count: number): Found[] {
  return [...found].sort((a, b) => compareText(a.key, b.key)).slice(0, count);
}

/** The fewest relationships that hold all that can match. */
function candidates(tuples: TupleReader, { user, relation, object }: RelationshipFilter): Iterable<Relationship> {
  if (object !== undefined && !object.endsWith(':')) {
    if (relation === undefined) return tuples.involving(object);
    if (user === undefined) return tuples.of(object, relation);
    const exact = tuples.find(user, relation, object);
    return exact === undefined ? [] : [exact];
  }
  return user === undefined ? tuples.all() : tuples.involving(user.split('#')[0] ?? user);
}

function matches(relationship: Relationship, { user, relation, object }: RelationshipFilter): boolean {
  if (user !== undefined && user !== relationship.user) return false;
  if (relation !== undefined && relation !== relationship.relation) return false;
  if (object === undefined) return true;
  return object.endsWith(':') ? relationship.object.startsWith(object) : object === relationship.object;
}

/** Looked up for the few that are shown: it would be too much to remember for all. */
function writtenAt(ledger: Ledger, key: string): number {
  return ledger.store.versions('relationship', key)[0]?.at ?? ledger.store.latestTime;
}

/** Since when relationships are kept here, and the last change of anything, in milliseconds since 1970. */
export function relationshipTimes(ledger: Ledger): { readonly since: number; readonly changed: number } {
  const { store } = ledger;
  const first = store.changes(0, 1)[0];
  return first === undefined
    ? { since: ledger.now(), changed: ledger.now() }
    : { since: first.at, changed: store.latestTime };
}
