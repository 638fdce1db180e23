import type { DecisionLog, StoredDecision } from '../../audit/log.ts';
import type { Caller } from '../../callers/caller.ts';
import type { Change } from '../../core/change.ts';
import { decide } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { getDecision } from '../decisions.ts';
import type { Failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { type ToldChange, tellChange } from '../tell-change.ts';
import { type Difference, differences } from './differences.ts';
import { type Replayed, replayRecord, unreplayable } from './replay-record.ts';

/** A decision, decided again as it was, and as it would be now. */
export interface DecisionReplay {
  readonly record: StoredDecision;
  readonly replayed: Replayed;
  /** Absent where the record lacks what the decision read. */
  readonly now?: DecisionNow;
}

/** What the same question would be answered at the latest revision and bundle, now. Nothing is recorded. */
export interface DecisionNow {
  readonly decision: Decision;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly differences: readonly Difference[];
  /** What was changed since, of all that the recorded path and the present one name, the newest first. */
  readonly since: readonly ChangeSince[];
  /** False where more was changed than is told. */
  readonly complete: boolean;
  /** Commits since that changed relationships, which the change log does not index by name. */
  readonly relationshipCommits: number;
}

export interface ChangeSince {
  readonly revision: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Caller id. */
  readonly by: string;
  readonly credential?: string;
  readonly act: string;
  readonly change: ToldChange;
}

/** Commits that are told; a person reads no more. */
const MOST_SINCE = 50;
/** Bytes of one commit that are looked into. */
const COMMIT_BYTES = 256 * 1024;

/** Replays one recorded decision, and asks the same again at the latest state. For auditors. */
export function replayDecision(
  ledger: Ledger,
  log: DecisionLog,
  id: string,
  caller: Caller,
): Result<DecisionReplay, Failure> {
  const found = getDecision(log, id, caller);
  if (!found.ok) return found;
  const record = found.value;
  const not = unreplayable(record);
  const replayed = not ?? replayRecord(record, stateOf(ledger, record));
  if (not?.because === 'redacted') return ok({ record, replayed });
  return ok({ record, replayed, now: decideNow(ledger, record) });
}

function stateOf(ledger: Ledger, { epoch, decision: { revision } }: StoredDecision): Result<Snapshot, string> {
  const none = `the store does not have the history in which revision ${revision} was made: it is another one`;
  if (epoch !== undefined && !ledger.store.contains(epoch, revision)) return err(none);
  const snapshot = ledger.at(revision);
  return snapshot === undefined ? err(none) : ok(snapshot);
}

function decideNow(ledger: Ledger, record: StoredDecision): DecisionNow {
  const at = ledger.now();
  const decision = decide(record.request, ledger.snapshot, at);
  const names = new Set([...namesOf(record.decision), ...namesOf(decision), record.request.resource]);
  const { since, complete } = changesSince(ledger, record.decision.revision, names);
  return {
    decision,
    at,
    differences: differences(record.decision, decision, { acrossTime: true }),
    since,
    complete,
    relationshipCommits: revisionsSince(ledger, record.decision.revision, { kinds: ['relationship'] }).revisions.length,
  };
}

/** Principals and delegations on the paths of a decision. */
function namesOf({ chain, others }: Decision): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { steps } of chain === undefined ? others : [chain, ...others]) {
    for (const step of steps) names.add(step.kind === 'edge' ? step.delegation : step.principal);
  }
  return names;
}

function changesSince(
  ledger: Ledger,
  revision: number,
  names: ReadonlySet<string>,
): { readonly since: readonly ChangeSince[]; readonly complete: boolean } {
  const revisions = new Map<number, Set<string> | 'bundle'>();
  let complete = true;
  for (const name of names) {
    const found = revisionsSince(ledger, revision, { about: name });
    complete &&= found.complete;
    for (const one of found.revisions) {
      const about = revisions.get(one);
      if (about === undefined) revisions.set(one, new Set([name]));
      else if (about !== 'bundle') about.add(name);
    }
  }
  const bundles = revisionsSince(ledger, revision, { kinds: ['bundle'] });
  for (const one of bundles.revisions) revisions.set(one, 'bundle');
  const since: ChangeSince[] = [];
  for (const [one] of [...revisions].sort(([a], [b]) => b - a)) {
    const logged = ledger.store.logged(one, COMMIT_BYTES);
    if (logged?.changes === undefined) {
      complete = false;
      continue;
    }
    const { at, by, credential, act } = logged;
    for (const change of logged.changes) {
      if (!concerns(change, names, ledger)) continue;
      if (since.length >= MOST_SINCE) return { since, complete: false };
      since.push({
        revision: ledger.token(one),
        at,
        by,
        ...(credential === undefined ? undefined : { credential }),
        act,
        change: tellChange(change, act, ledger),
      });
    }
  }
  return { since, complete: complete && bundles.complete };
}

/** Commits after a revision, as many as one search finds. */
function revisionsSince(
  ledger: Ledger,
  revision: number,
  filter: { readonly about?: string; readonly kinds?: readonly Change['kind'][] },
): { readonly revisions: readonly number[]; readonly complete: boolean } {
  const found = ledger.store.search(filter, ledger.revision + 1, MOST_SINCE);
  const revisions = found.revisions.filter((one) => one > revision);
  return { revisions, complete: revisions.length < found.revisions.length || found.next === undefined };
}

/** Of a commit that concerns one of the names: which of its changes do. */
function concerns(change: Change, names: ReadonlySet<string>, ledger: Ledger): boolean {
  const delegationIs = (id: string): boolean =>
    ledger.snapshot.delegations.get(id)?.chain.some(({ delegation }) => names.has(delegation.id)) ?? names.has(id);
  switch (change.kind) {
    case 'bundle':
      return true;
    case 'entity':
      return names.has(change.key);
    case 'delegation':
      return names.has(change.value.to) && names.has(change.value.from);
    case 'revocation':
      return names.has(change.value.delegation) || delegationIs(change.value.delegation);
    case 'activation': {
      const activation = change.value ?? ledger.store.versions('activation', change.key)[0]?.value;
      return activation !== undefined && names.has(activation.delegation);
    }
    case 'relationship':
    case 'caller':
      return false;
  }
}
