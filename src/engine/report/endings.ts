import type { Revocation } from '../../core/delegation/delegation.ts';
import type { EntityId } from '../../core/entity.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Store } from '../../store/store.ts';

/** Something that stopped a delegation or a principal from carrying anything, from a revision on. */
export interface Ending {
  readonly kind: 'revoked' | 'withdrawn' | 'suspended' | 'deleted';
  /** The id of a delegation, or an entity. */
  readonly subject: string;
  /** Withdrawn for this one only. */
  readonly origin?: EntityId;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
  readonly credential?: string;
  readonly reason?: string;
  readonly revision: number;
  /** Suspended until this revision (exclusive). */
  readonly until?: number;
}

/** Commits that one search of the change log finds. */
const PER_SEARCH = 500;
/** Bytes of one commit that are looked into: those of these acts are short. */
const COMMIT_BYTES = 16 * 1024 * 1024;

type EndingStore = Pick<Store, 'search' | 'logged'>;

/**
 * Everything that ended up to a state: revocations and withdrawals, suspensions and deletions. In the order of their
 * revisions.
 */
export async function endingsOf(
  state: Snapshot,
  store: EndingStore,
  pause: () => Promise<void> | undefined,
): Promise<readonly Ending[]> {
  const endings: Ending[] = [];
  const credentialOf = (revision: number): Pick<Ending, 'credential'> => {
    const credential = store.logged(revision, 0)?.credential;
    return credential === undefined ? {} : { credential };
  };
  const add = (kind: 'revoked' | 'withdrawn', { delegation, at, by, reason, revision, origin }: Revocation): void => {
    const told = { kind, subject: delegation, at, by, reason, revision, ...credentialOf(revision) };
    endings.push(origin === undefined ? told : { ...told, origin });
  };
  for (const { ownRevocation, withdrawn } of state.delegations.all()) {
    if (ownRevocation !== undefined) add('revoked', ownRevocation);
    for (const withdrawal of withdrawn.values()) add('withdrawn', withdrawal);
    await pause();
  }
  endings.push(...(await entityEndings(state.revision, store, pause)));
  return endings.sort((a, b) => a.revision - b.revision || (a.subject < b.subject ? -1 : 1));
}

/** Suspensions, with where they ended, and deletions. */
async function entityEndings(
  revision: number,
  store: EndingStore,
  pause: () => Promise<void> | undefined,
): Promise<readonly Ending[]> {
  const ended: Ending[] = [];
  const open = new Map<string, Ending>();
  for (const one of await entityCommits(revision, store, pause)) {
    const commit = store.logged(one, COMMIT_BYTES);
    for (const change of commit?.changes ?? []) {
      if (commit === undefined || change.kind !== 'entity') continue;
      const { entity, suspended, deleted } = change.value;
      const before = open.get(entity);
      if (before !== undefined && !suspended) {
        ended.push({ ...before, until: one });
        open.delete(entity);
      }
      const { at, by, credential } = commit;
      const told = { subject: entity, at, by, revision: one, ...(credential === undefined ? {} : { credential }) };
      if (deleted) ended.push({ kind: 'deleted', ...told });
      else if (suspended && before === undefined) open.set(entity, { kind: 'suspended', ...told });
    }
    await pause();
  }
  return [...ended, ...open.values()];
}

/** The commits up to a revision that suspended, resumed or deleted something, the oldest first. */
async function entityCommits(
  revision: number,
  store: EndingStore,
  pause: () => Promise<void> | undefined,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (let before: number | undefined = revision + 1; before !== undefined; ) {
    const page = store.search({ kinds: ['entity'] }, before, PER_SEARCH);
    found.push(...page.revisions);
    before = page.next;
    await pause();
  }
  return found.reverse();
}
