import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { type Canonical, canonicalJson } from '../../core/canonical-json.ts';
import type { Change } from '../../core/change.ts';
import { aroundChanges, aroundChangeText, NO_CHANGE } from '../../core/change-line.ts';
import { type FindRow, mentionsOf } from '../../core/mentions.ts';
import {
  type ChangeFilter,
  type ChangeLine,
  type ChangeSearch,
  type Commit,
  type LoggedCommit,
  type StoredCommit,
  StoreError,
} from '../store.ts';
import { type CommitRow, type Facet, prepareChangeStatements } from './change-statements.ts';

/** Names read from the index at a time, and looked at in one search: some ten milliseconds. */
const NAMES_PER_READ = 500;
const LOOKED_PER_SEARCH = 10_000;
/** Characters of one part of the changes: reading a million relationships of one commit holds nobody up. */
const PART = 1024 * 1024;

/** Where the chain ends. */
export interface ChainEnd {
  readonly revision: number;
  readonly latestTime: number;
  readonly sha256: string;
}

/**
 * The commits of a store: each sealed with the one before (src/core/change-line.ts), and an index of what each is about.
 * Writes belong into a transaction of their caller.
 */
export class ChangeLog {
  private readonly sql: ReturnType<typeof prepareChangeStatements>;

  constructor(db: Database) {
    this.sql = prepareChangeStatements(db);
  }

  /** The last commit as it was stored. */
  end(): ChainEnd {
    const last = this.sql.last.get();
    if (last === undefined) return { revision: 0, latestTime: 0, sha256: NO_CHANGE };
    return { revision: last.revision, latestTime: last.latest_time, sha256: last.sha256 };
  }

  /** Seals a commit to `end` and indexes it; gives the new end. */
  append(
    commit: Omit<Commit, 'idempotency'>,
    end: ChainEnd,
    epoch: { readonly number: number; readonly name: string },
    find: FindRow,
  ): ChainEnd {
    const { act, at, by, credential, changes } = commit;
    const revision = end.revision + 1;
    const latestTime = Math.max(end.latestTime, at);
    const text = canonical(changes);
    const [before, after] = aroundChanges({
      act,
      at,
      by,
      credential,
      epoch: epoch.name,
      previous: end.sha256,
      revision,
    });
    const sha256 = createHash('sha256').update(before).update(text).update(after).digest('hex');
    const counts: { [kind: string]: number } = {};
    const names = new Set<string>();
    for (const change of changes) {
      counts[change.kind] = (counts[change.kind] ?? 0) + 1;
      // Of which there may be millions.
      if (change.kind === 'relationship') continue;
      for (const name of mentionsOf(change, find)) names.add(name);
    }
    const [beginning = '', ...parts] = split(text);
    this.sql.commit.run({
      revision,
      at,
      latest_time: latestTime,
      caller: by,
      credential: credential ?? null,
      act,
      epoch: epoch.number,
      previous: end.sha256,
      sha256,
      counts: JSON.stringify(counts),
      bytes: Buffer.byteLength(text),
      parts: parts.length,
      changes: beginning,
    });
    for (const [index, part] of parts.entries()) this.sql.part.run(revision, index + 1, part);
    for (const name of names) this.sql.mention.run('about', name, revision);
    for (const kind of Object.keys(counts)) this.sql.mention.run('kind', kind, revision);
    this.sql.mention.run('by', by, revision);
    this.sql.mention.run('act', act, revision);
    return { revision, latestTime, sha256 };
  }

  after(revision: number, limit: number): readonly StoredCommit[] {
    return this.sql.commitsAfter.all(revision, limit).map((row) => ({ ...toHead(row), changes: this.read(row) }));
  }

  /** The lines after a revision, as many as `mostBytes` hold, but one at least; none at the end. */
  lines(after: number, mostBytes: number): readonly ChangeLine[] {
    const lines: ChangeLine[] = [];
    let size = 0;
    for (const row of this.sql.commitsAfter.iterate(after, -1)) {
      size += row.changes.length * (1 + row.parts);
      if (lines.length > 0 && size > mostBytes) break;
      const { revision, sha256, epoch } = row;
      lines.push({ revision, sha256, epoch, text: this.text(row) });
    }
    return lines;
  }

  sha256(revision: number): string | undefined {
    return revision === 0 ? NO_CHANGE : this.sql.sha256.get(revision);
  }

  /** The last revision that was made up to a time (ms); 0 if none was. */
  revisionAt(time: number): number {
    return this.sql.revisionAt.get(time) ?? 0;
  }

  logged(revision: number, mostBytes: number): LoggedCommit | undefined {
    const row = this.sql.logged.get({ revision, mostBytes });
    if (row === undefined) return undefined;
    const counts = JSON.parse(row.counts) as LoggedCommit['counts'];
    const changes = row.changes === null ? undefined : this.read({ ...row, changes: row.changes });
    return { ...toHead(row), counts, bytes: row.bytes, ...(changes === undefined ? undefined : { changes }) };
  }

  search(filter: ChangeFilter, before: number, limit: number): ChangeSearch {
    const lowest = filter.from === undefined ? 1 : this.revisionAt(filter.from - 1) + 1;
    const highest = filter.to === undefined ? this.end().revision : this.revisionAt(filter.to - 1);
    const [driver, ...rest] = facetsOf(filter);
    const { kinds } = filter;
    const found: number[] = [];
    let next = Math.min(before, highest + 1);
    for (let looked = 0; looked < LOOKED_PER_SEARCH; ) {
      const candidates = this.candidates(driver, lowest, next);
      for (const revision of candidates) {
        if (found.length === limit) return { revisions: found, next };
        next = revision;
        const isOfKind = kinds === undefined || kinds.some((kind) => this.isMentioned('kind', kind, revision));
        if (isOfKind && rest.every(([facet, name]) => this.isMentioned(facet, name, revision))) found.push(revision);
      }
      looked += candidates.length;
      if (candidates.length < NAMES_PER_READ) return { revisions: found };
    }
    return { revisions: found, next };
  }

  /** A line, read from the store as it is asked for. */
  private *text(row: CommitRow): Generator<string> {
    const [before, after] = aroundChangeText(toHead(row), row.sha256);
    if (row.parts === 0) yield before + row.changes + after;
    else {
      yield before;
      yield* this.parts(row);
      yield after;
    }
  }

  private *parts({ revision, changes, parts }: Pick<CommitRow, 'revision' | 'changes' | 'parts'>): Generator<string> {
    yield changes;
    for (let part = 1; part <= parts; part++) yield this.sql.partOf.get(revision, part) ?? '';
  }

  private read(row: Pick<CommitRow, 'revision' | 'changes' | 'parts'>): readonly Change[] {
    return JSON.parse([...this.parts(row)].join('')) as readonly Change[];
  }

  private candidates(driver: Mention | undefined, lowest: number, before: number): readonly number[] {
    if (driver !== undefined) return this.sql.mentions.all(...driver, lowest, before, NAMES_PER_READ);
    return Array.from({ length: Math.max(0, Math.min(NAMES_PER_READ, before - lowest)) }, (_, n) => before - 1 - n);
  }

  private isMentioned(facet: Facet, name: string, revision: number): boolean {
    return this.sql.isMentioned.get(facet, name, revision) !== undefined;
  }
}

type Mention = readonly [facet: Facet, name: string];

/** Those that a filter names; what most likely has the fewest commits first, because that is looked through. */
function facetsOf({ about, by, act, kinds }: ChangeFilter): readonly Mention[] {
  const [only, ...others] = kinds ?? [];
  const named: readonly (readonly [Facet, string | undefined])[] = [
    ['about', about],
    ['act', act],
    ['by', by],
    ['kind', others.length === 0 ? only : undefined],
  ];
  return named.flatMap(([facet, name]) => (name === undefined ? [] : [[facet, name] as const]));
}

function toHead(row: Omit<CommitRow, 'changes'>): Omit<StoredCommit, 'changes'> {
  return {
    revision: row.revision,
    at: row.at,
    by: row.caller,
    ...(row.credential === null ? undefined : { credential: row.credential }),
    act: row.act,
    epoch: row.epoch,
    previous: row.previous,
    sha256: row.sha256,
  };
}

/** In parts that split no character. */
function split(text: string): readonly string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    const isSplit = (text.charCodeAt(from + PART - 1) & 0xfc00) === 0xd800;
    const to = from + PART - (isSplit ? 1 : 0);
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}

function canonical(changes: readonly Change[]): string {
  try {
    // One by one: documents that have to be put in order do not slow the others down.
    return `[${changes.map((change) => canonicalJson(inOrder(change))).join(',')}]`;
  } catch (fault) {
    const detail = fault instanceof Error ? fault.message : String(fault);
    throw new StoreError('not_json', `the changes cannot be written as canonical JSON (RFC 8785): ${detail}`);
  }
}

/** With the members in the order in which they are written: of relationships, which come by the million, all of them. */
function inOrder({ kind, key, value }: Change): Canonical {
  if (kind !== 'relationship' || value === null) return { key, kind, value } as Canonical;
  const { condition, object, relation, user } = value;
  const tuple = condition === undefined ? { object, relation, user } : { condition, object, relation, user };
  return { key, kind, value: tuple } as Canonical;
}
