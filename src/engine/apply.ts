import type { Caller } from '../callers/caller.ts';
import { deriveEntry, excessProblems, provisional, toDraft } from '../core/delegation/check-delegations.ts';
import type { Delegation } from '../core/delegation/delegation.ts';
import type { DelegationDraft } from '../core/delegation/draft.ts';
import { Forest } from '../core/delegation/forest.ts';
import type { DelegationNode } from '../core/delegation/node.ts';
import type { DelegationEntry } from '../core/delegation/parse-delegations.ts';
import type { Problem } from '../core/problem.ts';
import { err, ok, type Result } from '../core/result.ts';
import { delegate } from './delegate.ts';
import type { Failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { mayRead } from './permissions.ts';
import { revoke } from './revoke.ts';

/** What applying needs of whoever holds the delegations: the engine in this process, or a server. */
export interface DelegationDoor {
  /** Those that are live, or will be once their time comes. */
  inForce(): Promise<Result<readonly Delegation[], Failure>>;
  /** Answers the new id. */
  delegate(draft: DelegationDraft): Promise<Result<string, Failure>>;
  revoke(delegation: string, reason: string): Promise<Result<void, Failure>>;
}

/** What becomes of one entry. */
export type EntryChange =
  | { readonly kind: 'unchanged'; readonly name: string; readonly delegation: Delegation }
  | { readonly kind: 'create'; readonly name: string; readonly entry: DelegationEntry; readonly terms: Delegation }
  | {
      readonly kind: 'replace';
      readonly name: string;
      readonly entry: DelegationEntry;
      readonly terms: Delegation;
      readonly replaces: readonly Delegation[];
    };

/** A delegation that is to be revoked, with everything below it that dies with it. */
export interface Removal {
  readonly delegation: Delegation;
  readonly because: 'replaced' | 'duplicate' | 'not_in_files';
  readonly dies: readonly Delegation[];
}

export interface ApplyPlan {
  /** Parents first. */
  readonly changes: readonly EntryChange[];
  /** Done last, when everything that takes over is in force; none lies below another one. */
  readonly removals: readonly Removal[];
  /** In force and in no file: left alone. */
  readonly others: readonly Delegation[];
  readonly now: number;
}

/** How far two clocks may part before a delegation with `expires_in` counts as another one: 5 %, at most 5 minutes. */
const CLOCK_TOLERANCE = { part: 0.05, mostMs: 5 * 60_000 };

/** Whether carrying out the plan would change nothing. */
export function isDone(plan: ApplyPlan): boolean {
  return plan.removals.length === 0 && plan.changes.every(({ kind }) => kind === 'unchanged');
}

/**
 * Compares the entries of the files (checked, parents first) with what is in force, by name. A name belongs to the
 * files: a live delegation of that name with other terms is replaced.
 *
 * @param prune Revoke what is in force and in no file.
 * @param now Milliseconds since 1970.
 */
export function planApply(
  entries: readonly DelegationEntry[],
  inForce: readonly Delegation[],
  options: { readonly prune: boolean; readonly now: number },
): Result<ApplyPlan, readonly Problem[]> {
  const { prune, now } = options;
  const forest = new Forest();
  for (const delegation of inForce) forest.add(delegation);
  const nodes = new Map<string, DelegationNode>();
  const changes: EntryChange[] = [];
  const gone = new Map<Delegation, Removal['because']>();
  const problems: Problem[] = [];

  for (const entry of entries) {
    const { name } = entry;
    const parent = entry.parent === undefined ? undefined : nodes.get(entry.parent);
    if (entry.parent !== undefined && parent === undefined) continue;
    const named = inForce.filter((delegation) => delegation.name === name);
    const same = named.find((delegation) => isMadeBy(entry, delegation, parent));
    for (const delegation of named) {
      if (delegation !== same) gone.set(delegation, same === undefined ? 'replaced' : 'duplicate');
    }
    const kept = same === undefined ? undefined : forest.get(same.id);
    if (same !== undefined && kept !== undefined) {
      nodes.set(name, kept);
      changes.push({ kind: 'unchanged', name, delegation: same });
      continue;
    }
    const derived = deriveEntry(entry, parent, now);
    if (!derived.ok) {
      problems.push(...excessProblems(entry, derived.error));
      continue;
    }
    const terms = provisional(entry, derived.value, now);
    forest.add(terms);
    const made = forest.get(terms.id);
    if (made !== undefined) nodes.set(name, made);
    changes.push(
      named.length === 0
        ? { kind: 'create', name, entry, terms }
        : { kind: 'replace', name, entry, terms, replaces: named },
    );
  }
  if (problems.length > 0) return err(problems);

  const known = new Set(entries.map(({ name }) => name));
  const others = inForce.filter(({ name }) => name === undefined || !known.has(name));
  if (prune) for (const delegation of others) gone.set(delegation, 'not_in_files');
  const removals = [...gone].flatMap(([delegation, because]) => removal(forest, delegation, because, gone));
  const dying = new Set(removals.flatMap(({ delegation, dies }) => [delegation, ...dies]));
  return ok({ changes, removals, others: others.filter((delegation) => !dying.has(delegation)), now });
}

function removal(
  forest: Forest,
  delegation: Delegation,
  because: Removal['because'],
  gone: ReadonlyMap<Delegation, unknown>,
): readonly Removal[] {
  const node = forest.get(delegation.id);
  const above = node?.chain.slice(0, -1) ?? [];
  if (above.some((edge) => gone.has(edge.delegation))) return [];
  return [{ delegation, because, dies: below(node) }];
}

function below(node: DelegationNode | undefined): readonly Delegation[] {
  return node?.children.flatMap((child) => [child.delegation, ...below(child)]) ?? [];
}

/** Whether a delegation in force is what applying the entry would make, except for when it was made. */
function isMadeBy(entry: DelegationEntry, made: Delegation, parent: DelegationNode | undefined): boolean {
  if (made.not_before > Math.max(made.created_at, parent?.notBefore ?? 0)) return false;
  const derived = deriveEntry(entry, parent, made.created_at);
  if (!derived.ok) return false;
  const { expires_at: expected } = derived.value;
  const sameEnd =
    entry.expires_in === undefined || expected === undefined || made.expires_at === undefined
      ? expected === made.expires_at
      : Math.abs(made.expires_at - expected) <=
        Math.min(CLOCK_TOLERANCE.mostMs, entry.expires_in * 1000 * CLOCK_TOLERANCE.part);
  return sameEnd && termsOf(derived.value) === termsOf(made);
}

function termsOf(delegation: Omit<Delegation, 'id' | 'created_at' | 'created_by' | 'basis' | 'revision'>): string {
  const { parent, from, to, origin, condition, proof, activation, max_session, max_depth, onward_to } = delegation;
  const capabilities = delegation.capabilities.map((one) => [one.actions, one.resources, one.condition ?? null]);
  const optional = [parent, origin, condition, max_session, onward_to].map((value) => value ?? null);
  return JSON.stringify([from, to, capabilities, proof, activation, max_depth, ...optional]);
}

/** One step that was carried out. */
export type Applied =
  | { readonly kind: 'created'; readonly name: string; readonly delegation: string }
  | { readonly kind: 'revoked'; readonly delegation: string; readonly because: Removal['because'] };

/**
 * Carries out a plan step by step: first what is new, parents first, then what goes, so that nothing that both have
 * is ever missing. Stops at the first refusal; applying again goes on from there.
 */
export async function apply(
  plan: ApplyPlan,
  door: DelegationDoor,
  told: (step: Applied) => void = () => {},
): Promise<Result<readonly Applied[], Failure>> {
  const ids = new Map<string, string>();
  const applied: Applied[] = [];
  const tell = (step: Applied): void => {
    applied.push(step);
    told(step);
  };
  for (const change of plan.changes) {
    if (change.kind === 'unchanged') {
      ids.set(change.name, change.delegation.id);
      continue;
    }
    const { entry, terms, name } = change;
    const { parent: _provisional, expires_at: _relative, ...draft } = toDraft(entry, plan.now);
    const parent = entry.parent === undefined ? undefined : ids.get(entry.parent);
    const made = await door.delegate({
      ...draft,
      ...(parent === undefined ? undefined : { parent }),
      ...(terms.expires_at === undefined ? undefined : { expires_at: terms.expires_at }),
    });
    if (!made.ok) return err({ ...made.error, message: `${name}: ${made.error.message}` });
    ids.set(name, made.value);
    tell({ kind: 'created', name, delegation: made.value });
  }
  for (const { delegation, because } of plan.removals) {
    const revoked = await door.revoke(delegation.id, REASONS[because]);
    if (!revoked.ok) {
      return err({ ...revoked.error, message: `${delegation.name ?? delegation.id}: ${revoked.error.message}` });
    }
    tell({ kind: 'revoked', delegation: delegation.id, because });
  }
  return ok(applied);
}

const REASONS: { readonly [because in Removal['because']]: string } = {
  replaced: 'replaced by the delegation files',
  duplicate: 'another one has its name, as the delegation files state it',
  not_in_files: 'not in the delegation files',
};

/** The delegations of the engine in this process. */
export function engineDoor(ledger: Ledger, caller: Caller): DelegationDoor {
  return {
    inForce: async () => {
      const now = ledger.now();
      const nodes = [...ledger.snapshot.delegations.all()].filter(
        (node) => node.revoked === undefined && now < node.expiresAt && mayRead(caller, node, ledger.snapshot, now),
      );
      return ok(nodes.map(({ delegation }) => delegation).sort((a, b) => (a.id < b.id ? -1 : 1)));
    },
    delegate: async (draft) => {
      const made = delegate(ledger, draft, caller);
      return made.ok ? ok(made.value.delegation.id) : made;
    },
    revoke: async (delegation, reason) => {
      const revoked = revoke(ledger, { delegation, reason, dryRun: false }, caller);
      return revoked.ok ? ok(undefined) : revoked;
    },
  };
}
