import type { DecisionLog, StoredDecision } from '../audit/log.ts';
import type { Caller } from '../callers/caller.ts';
import { decide } from '../core/decide.ts';
import type { CheckRequest, Decision } from '../core/decision.ts';
import type { Delegation } from '../core/delegation/delegation.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { getDecision } from './decisions.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { type Shortfall, shortfalls } from './needed.ts';
import { seesEverything } from './permissions.ts';
import { type Question, toCheckRequest } from './question.ts';
import { unreplayable } from './replay/replay-record.ts';
import { toldDecision, toldShortfalls } from './visibility.ts';

/** A decision with its full path, and what a denied one lacked. */
export interface Explanation {
  readonly request: CheckRequest;
  readonly decision: Decision;
  /** The first failing hop first; empty for an allow. */
  readonly shortfalls: readonly Shortfall[];
  /** The time that it was decided at, ms. */
  readonly at: number;
  readonly revision: string;
  /** The delegations of the paths that are told, by id, as they were made. */
  readonly delegations: ReadonlyMap<string, Delegation>;
  /** Hops were left out because the caller neither made nor holds them. */
  readonly redacted: boolean;
  /** The decision record that was walked again, where one was. */
  readonly recorded?: StoredDecision;
}

/** Asks without recording a decision: for callers that may see paths. */
export function explain(ledger: Ledger, question: Question, caller: Caller): Result<Explanation, Failure> {
  if (!seesEverything(caller) && caller.principal === undefined) {
    return err(
      failure('forbidden', `the caller ${caller.id} may not see paths: it needs the role audit or administer`),
    );
  }
  const request = toCheckRequest(question, caller, ledger.bundle.settings);
  if (!request.ok) return request;
  const { snapshot } = ledger;
  const at = ledger.now();
  const decision = decide(request.value, snapshot, at, 'explain');
  return ok(toExplanation(ledger, request.value, decision, snapshot, at, caller));
}

/** Walks a recorded decision again at its own revision, bundle and time. */
export function explainRecorded(
  ledger: Ledger,
  log: DecisionLog,
  id: string,
  caller: Caller,
): Result<Explanation, Failure> {
  const found = getDecision(log, id, caller);
  if (!found.ok) return found;
  const recorded = found.value;
  const snapshot = ledger.at(recorded.decision.revision);
  if (snapshot === undefined) {
    return err(
      failure('not_found', `the store has no revision ${recorded.decision.revision}, at which ${id} was decided`),
    );
  }
  // What was never put to `decide` (a revision that did not arrive), or was without what the record lacks, cannot be
  // walked again: the record is all.
  const decision =
    unreplayable(recorded) !== undefined
      ? recorded.decision
      : decide(recorded.request, snapshot, recorded.at, 'explain');
  return ok({ ...toExplanation(ledger, recorded.request, decision, snapshot, recorded.at, caller), recorded });
}

/** A decision as it is told to this caller: whole, or only the hops that it made or holds. */
export function toExplanation(
  ledger: Ledger,
  request: CheckRequest,
  decision: Decision,
  snapshot: Snapshot,
  at: number,
  caller: Caller,
): Explanation {
  const whole = { request, at, revision: ledger.token(decision.revision) };
  const lacking = shortfalls(request, decision, snapshot);
  if (seesEverything(caller) || caller.principal === undefined) {
    const delegations = delegationsOf(decision, snapshot);
    return { ...whole, decision, shortfalls: lacking, delegations, redacted: false };
  }
  const { principal } = caller;
  const told = toldDecision(decision, request.origin, principal);
  return {
    ...whole,
    decision: told,
    shortfalls: toldShortfalls(lacking, decision, request.origin, principal),
    delegations: delegationsOf(told, snapshot),
    redacted: true,
  };
}

/** The delegations of the paths that a decision tells, by id, as they were made. */
export function delegationsOf({ chain, others }: Decision, snapshot: Snapshot): ReadonlyMap<string, Delegation> {
  const delegations = new Map<string, Delegation>();
  for (const { steps } of chain === undefined ? others : [chain, ...others]) {
    for (const step of steps) {
      const node = step.kind === 'edge' ? snapshot.delegations.get(step.delegation) : undefined;
      if (node !== undefined) delegations.set(node.delegation.id, node.delegation);
    }
  }
  return delegations;
}
