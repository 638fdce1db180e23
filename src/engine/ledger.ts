import { createHash } from 'node:crypto';
import type { Caller } from '../callers/caller.ts';
import { compileBundle } from '../core/bundle.ts';
import { inCanonicalOrder } from '../core/canonical-json.ts';
import type { BundleSource, CallerRow, Change } from '../core/change.ts';
import type { Attributes } from '../core/entity.ts';
import { formatProblem } from '../core/problem.ts';
import { TupleIndex } from '../core/relationships/tuple-index.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Bundle, Snapshot } from '../core/snapshot.ts';
import { State } from '../core/state.ts';
import type { Store } from '../store/store.ts';
import { type Failure, failure } from './failure.ts';

/** Asked for once with a key, answered the same for ever. */
export interface Idempotency {
  readonly key: string;
  /** The request as the caller sent it; another one under the same key is refused. */
  readonly body: string;
}

/** A write that was decided on and is now to be stored, with what will be answered. */
export interface PlannedWrite<T> {
  readonly act: string;
  readonly changes: readonly Change[];
  readonly answer: T;
}

/** Past states kept ready for explaining and replaying. */
const PAST_STATES = 4;

/** Commits read at a time. */
const COMMITS_PER_READ = 1000;

/** As many changes to relationships are read again at a start without it being felt, and a share of them all. */
const FEW_CHANGES = 10_000;
const SMALL_SHARE = 0.02;

/** Acts that only take something away. */
const ENDING: ReadonlySet<string> = new Set(['revoke', 'deactivate']);

/**
 * The state in force and the one way to change it (design, section 7): a write is planned at the latest revision,
 * appended durably, then visible, then acknowledged. One at a time, because nothing here awaits.
 */
export class Ledger {
  readonly store: Store;
  /** The relationships came from the cache, not from the rows. */
  readonly startedFromCache: boolean;
  private readonly clock: () => number;
  private readonly tuples: TupleIndex;
  private readonly state: State;
  /** Changes to relationships that a start would have to read again. */
  private uncached = 0;
  /** The revision up to which every change is in the state; short of the store's if applying one failed. */
  private applied: number;
  private readonly callerRows = new Map<string, CallerRow>();
  private readonly waiting = new Set<() => void>();
  private readonly followers = new Set<() => void>();
  private readonly past = new Map<number, Snapshot>();
  private readonly fallback: Bundle;
  private current: Bundle;
  private decidedAt = 0;
  private live: Snapshot;

  /** Reads the whole store. `fallback` is the bundle in force while none was published. */
  constructor(store: Store, clock: () => number, fallback: Bundle) {
    this.store = store;
    this.clock = clock;
    this.fallback = fallback;
    this.current = fallback;
    const cached = store.cachedRelationships();
    const tuples = cached === undefined ? undefined : TupleIndex.unpack(cached.bytes);
    this.startedFromCache = tuples !== undefined;
    this.tuples = tuples ?? new TupleIndex();
    this.state = new State(this.tuples);
    const known = tuples === undefined ? undefined : 'relationship';
    for (const row of store.rows(undefined, known)) this.take(row, row.created_revision);
    if (tuples !== undefined && cached !== undefined) this.catchUp(cached.revision);
    this.applied = store.revision;
    this.live = this.view();
  }

  /**
   * Call once the rows are known to be what the change log made, and before the store is closed: what the next start would
   * otherwise have to read row by row is kept for it, sealed, so that it is believed then.
   */
  cacheRelationships(): void {
    if (this.applied !== this.revision || this.uncached <= Math.max(FEW_CHANGES, this.tuples.size * SMALL_SHARE))
      return;
    if (this.store.cacheRelationships(this.tuples.pack())) this.uncached = 0;
  }

  /** The latest revision, every write up to which is visible. */
  get revision(): number {
    return this.store.revision;
  }

  get bundle(): Bundle {
    return this.current;
  }

  /** What a decision reads now. */
  get snapshot(): Snapshot {
    return this.live;
  }

  /** Milliseconds since 1970, never below the largest time recorded: a clock that steps back revives nothing. */
  now(): number {
    return Math.max(this.clock(), this.store.latestTime, this.decidedAt);
  }

  /** Milliseconds by which the largest time recorded is ahead of the clock: windows are judged by it until then. */
  get aheadMs(): number {
    return Math.max(0, this.now() - this.clock());
  }

  /** Tells of a time (ms) that a decision was recorded with, here or before the last start. */
  recordTime(at: number): void {
    this.decidedAt = Math.max(this.decidedAt, at);
  }

  caller(id: string): CallerRow | undefined {
    return this.callerRows.get(id);
  }

  callers(): Iterable<CallerRow> {
    return this.callerRows.values();
  }

  /** A revision as it is told: with the epoch, so that a restored backup never satisfies an old demand. */
  token(revision: number = this.revision): string {
    return `${this.store.epoch}.${revision}`;
  }

  /** The revision number of a token, `unknown` where it belongs to another history. */
  parseToken(token: string): Result<number, 'malformed' | 'unknown'> {
    const match = /^([a-z0-9-]{1,64})\.(\d{1,15})$/.exec(token);
    if (match === null) return err('malformed');
    const revision = Number(match[2]);
    const epoch = match[1] ?? '';
    if (epoch === this.store.epoch) return ok(revision);
    return this.store.contains(epoch, revision) ? ok(revision) : err('unknown');
  }

  /** Whether `revision` is visible, at the latest after `timeoutMs`. */
  async waitFor(revision: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.revision < revision) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.waiting.add(done);
      });
    }
    return true;
  }

  /**
   * Plans a write at the latest revision and stores it. `plan` sees the state and the revision that the write will
   * have; what it refuses changes nothing. With an idempotency key the first answer is given again.
   */
  write<T>(
    caller: Caller,
    plan: (at: { now: number; revision: number; snapshot: Snapshot }) => Result<PlannedWrite<T>, Failure>,
    idempotency?: Idempotency,
  ): Result<T, Failure> {
    const digest = idempotency === undefined ? '' : digestOf(idempotency.body);
    if (idempotency !== undefined) {
      const before = this.store.idempotent(caller.id, idempotency.key);
      if (before !== undefined) {
        if (before.requestDigest === digest) return ok(JSON.parse(before.answer) as T);
        return err(
          failure(
            'idempotency_mismatch',
            `the idempotency key "${idempotency.key}" was used with another request: use a new key`,
          ),
        );
      }
    }
    const now = this.now();
    const planned = plan({ now, revision: this.revision + 1, snapshot: this.live });
    if (!planned.ok) return planned;
    const { act, answer } = planned.value;
    const changes = planned.value.changes.map(inOrder);
    if (changes.length === 0) return ok(answer);
    const barred = this.barred(caller, act);
    if (barred !== undefined) return err(barred);
    let stored: number;
    try {
      stored = this.store.commit({
        at: now,
        by: caller.id,
        ...(caller.credential === undefined ? undefined : { credential: caller.credential }),
        act,
        changes,
        ...(idempotency === undefined
          ? undefined
          : { idempotency: { key: idempotency.key, requestDigest: digest, answer: JSON.stringify(answer) } }),
      });
    } catch (fault) {
      if (fault instanceof Error && 'code' in fault && fault.code === 'not_json') {
        return err(failure('unprocessable', `the write cannot be stored: ${fault.message}`));
      }
      return err(failure('store_unavailable', `the store did not take the write: ${describe(fault)}`));
    }
    for (const change of changes) this.take(change, stored);
    this.applied = stored;
    this.live = this.view();
    for (const wake of [...this.waiting]) wake();
    for (const hear of this.followers) hear();
    return ok(answer);
  }

  /**
   * Why a caller may not write now: its principal is suspended, so that what it makes would be live once it is resumed; or
   * deleted. It may still end what there is.
   */
  private barred({ id, principal }: Caller, act: string): Failure | undefined {
    if (principal === undefined || ENDING.has(act)) return undefined;
    const record = this.live.entity(principal);
    if (record?.deleted === true) return failure('forbidden', `${principal}, whose caller ${id} is, was deleted`);
    if (record?.suspended !== true) return undefined;
    return failure(
      'forbidden',
      `${principal}, whose caller ${id} is, is suspended: until it is resumed it may only revoke and end sessions`,
    );
  }

  /** Calls `hear` after each write, once it is visible, until the returned function is called. It must not throw. */
  follow(hear: () => void): () => void {
    this.followers.add(hear);
    return () => this.followers.delete(hear);
  }

  /** The state at an earlier revision under the bundle of then; undefined for one that does not exist. */
  at(revision: number): Snapshot | undefined {
    if (revision === this.revision) return this.live;
    if (revision < 0 || revision > this.revision) return undefined;
    let snapshot = this.past.get(revision);
    if (snapshot === undefined) {
      snapshot = this.rebuild(revision);
      this.past.set(revision, snapshot);
      for (const oldest of this.past.keys()) {
        if (this.past.size <= PAST_STATES) break;
        this.past.delete(oldest);
      }
    }
    return snapshot;
  }

  private rebuild(revision: number): Snapshot {
    const state = new State();
    let source: BundleSource | undefined;
    for (const row of this.store.rows(revision)) {
      if (row.kind === 'bundle') source = row.value;
      state.apply(row, row.created_revision);
    }
    const bundle = source === undefined ? this.fallback : compiled(source);
    return { ...state.snapshot(bundle), revision };
  }

  /** What happened to relationships after `revision`. */
  private catchUp(revision: number): void {
    for (let at = revision; at < this.store.revision; ) {
      for (const commit of this.store.changes(at, COMMITS_PER_READ)) {
        for (const change of commit.changes) if (change.kind === 'relationship') this.take(change, commit.revision);
        at = commit.revision;
      }
    }
  }

  private take(change: Change, revision: number): void {
    if (change.kind === 'relationship') this.uncached += 1;
    if (change.kind === 'bundle') this.current = compiled(change.value);
    else if (change.kind === 'caller') {
      if (change.value === null) this.callerRows.delete(change.key);
      else this.callerRows.set(change.key, change.value);
    }
    this.state.apply(change, revision);
  }

  private view(): Snapshot {
    return { ...this.state.snapshot(this.current), revision: this.revision };
  }
}

/** A bundle that was published compiled then; if it no longer does, this version of Behalf must not decide by it. */
function compiled(source: BundleSource): Bundle {
  const bundle = compileBundle(source);
  if (bundle.ok) return bundle.value;
  const problems = bundle.error.map(formatProblem).join('\n');
  throw new Error(
    `the bundle ${source.digest} in the store does not compile with this version of behalf:\n${problems}`,
  );
}

/** The change log holds documents in canonical order: the state must be the same before and after it is read again. */
function inOrder(change: Change): Change {
  if (change.kind === 'entity') {
    const attributes = inCanonicalOrder(change.value.attributes);
    return attributes === change.value.attributes ? change : { ...change, value: { ...change.value, attributes } };
  }
  if (change.kind !== 'relationship' || change.value?.condition?.context === undefined) return change;
  const { condition } = change.value;
  const context = inCanonicalOrder(condition.context as Attributes);
  return { ...change, value: { ...change.value, condition: { ...condition, context } } };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function describe(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
