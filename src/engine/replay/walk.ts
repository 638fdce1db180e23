import { createHash } from 'node:crypto';
import { compileBundle } from '../../core/bundle.ts';
import type { BundleSource, CallerRow, Change } from '../../core/change.ts';
import { CHANGE_SEAL_BYTES, CHANGE_TAIL_BYTES, NO_CHANGE, readChangeLink } from '../../core/change-line.ts';
import { formatProblem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, Snapshot } from '../../core/snapshot.ts';
import { State } from '../../core/state.ts';
import type { ChangeLine, Store } from '../../store/store.ts';
import { toBundleSource } from '../bundles/publish.ts';

/** A commit as it stands in the change log. */
export interface WalkedCommit {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Caller id. */
  readonly by: string;
  readonly credential?: string;
  readonly act: string;
  readonly changes: readonly Change[];
}

/** Rows, and bytes of the change log, that are read between two pauses: some milliseconds of work. */
const ROWS_PER_TURN = 500;
const BYTES_PER_READ = 256 * 1024;

/** The state of a store, moved forward through its change log. */
export class Walk {
  private readonly store: Pick<Store, 'lines' | 'rows'>;
  private readonly state = new State();
  private readonly callerRows = new Map<string, CallerRow>();
  private bundle: Result<Bundle, string>;
  private digest: string;
  /** The hash of the last commit; unknown where the walk began with rows. */
  private sha256: string | undefined = NO_CHANGE;
  private at = 0;
  private read: ChangeLine[] = [];
  private view: Snapshot | undefined;
  /** Why it cannot go on. */
  private broken: string | undefined;

  /** @param fallback the bundle in force while none was published */
  constructor(store: Pick<Store, 'lines' | 'rows'>, fallback: Bundle) {
    this.store = store;
    this.bundle = ok(fallback);
    this.digest = fallback.digest;
  }

  get revision(): number {
    return this.at;
  }

  /** The digest of the bundle in force. */
  get bundleDigest(): string {
    return this.digest;
  }

  callers(): Iterable<CallerRow> {
    return this.callerRows.values();
  }

  /** The state where the walk stands: a view, which the next move changes. Throws where `moveTo` said why there is none. */
  get snapshot(): Snapshot {
    if (!this.bundle.ok) throw new Error(this.bundle.error);
    this.view ??= { ...this.state.snapshot(this.bundle.value), revision: this.at };
    return this.view;
  }

  /** Begins with the rows that the store had at a revision. */
  async beginAt(revision: number, pause: () => Promise<void> | undefined): Promise<void> {
    let count = 0;
    for (const { created_revision: created, ...row } of this.store.rows(revision)) {
      this.apply(row, created);
      count += 1;
      if (count % ROWS_PER_TURN === 0) await pause();
    }
    this.sha256 = undefined;
    this.at = revision;
    this.view = undefined;
  }

  /**
   * Applies every commit up to a revision, each checked against its hash and the one before; or says which is not what
   * it was. The walk stays before that one.
   *
   * @param hear hears of each commit, once it is applied
   */
  async moveTo(
    revision: number,
    pause: () => Promise<void> | undefined,
    hear: (commit: WalkedCommit) => void = () => {},
  ): Promise<Result<void, string>> {
    while (this.at < revision) {
      if (this.broken !== undefined) return err(this.broken);
      if (this.read.length === 0) {
        await pause();
        this.read = [...this.store.lines(this.at, BYTES_PER_READ)].reverse();
      }
      const line = this.read.pop();
      if (line === undefined) return err(`the store has no revision ${this.at + 1}`);
      const text = [...line.text].join('');
      this.broken = this.faultOf(line, text);
      if (this.broken !== undefined) continue;
      const commit = JSON.parse(text) as WalkedCommit;
      for (const change of commit.changes) this.apply(change, line.revision);
      this.at = line.revision;
      this.sha256 = line.sha256;
      this.view = undefined;
      hear(commit);
    }
    return this.bundle.ok ? ok(undefined) : this.bundle;
  }

  private faultOf({ revision, sha256 }: ChangeLine, text: string): string | undefined {
    const link = readChangeLink(text.slice(-CHANGE_TAIL_BYTES));
    if (!link.ok) return `the change of revision ${revision}: ${link.error}`;
    if (link.value.revision !== this.at + 1) return `the store has no revision ${this.at + 1}`;
    const own = createHash('sha256').update(text.slice(0, -CHANGE_SEAL_BYTES)).update('}').digest('hex');
    if (own !== sha256 || link.value.sha256 !== sha256) {
      return `the change of revision ${revision} was changed in the store: its hash is not that of its content`;
    }
    if (this.sha256 !== undefined && link.value.previous !== this.sha256) {
      return `the change of revision ${revision} does not follow the one before it in the store`;
    }
    return undefined;
  }

  private apply(change: Change, revision: number): void {
    if (change.kind === 'bundle') {
      this.digest = change.value.digest;
      this.bundle = compiled(change.value);
    } else if (change.kind === 'caller') {
      if (change.value === null) this.callerRows.delete(change.key);
      else this.callerRows.set(change.key, change.value);
    }
    this.state.apply(change, revision);
  }
}

/** By digest: the same one may be published again and again, and several walks may come upon it. */
const bundles = new Map<string, Result<Bundle, string>>();
const KEPT_BUNDLES = 16;

function compiled(source: BundleSource): Result<Bundle, string> {
  if (toBundleSource(source.files).digest !== source.digest) {
    return err(`the bundle ${source.digest} in the store has another content than its digest says`);
  }
  let bundle = bundles.get(source.digest);
  if (bundle === undefined) {
    const result = compileBundle(source);
    bundle = result.ok
      ? result
      : err(
          `the bundle ${source.digest} does not compile with this version of behalf: ${result.error.map(formatProblem).join('; ')}`,
        );
    if (bundles.size >= KEPT_BUNDLES) bundles.clear();
    bundles.set(source.digest, bundle);
  }
  return bundle;
}
