import type { DecisionLog } from '../audit/log.ts';
import type { Caller } from '../callers/caller.ts';
import { decide } from '../core/decide.ts';
import type { Decision, ReasonCode } from '../core/decision.ts';
import { LIMITS } from '../core/limits.ts';
import type { ChainTrace } from '../core/path/trace.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Failure, failure } from './failure.ts';
import { describe, type Ledger } from './ledger.ts';
import { requireRole, seesEverything } from './permissions.ts';
import { type Question, toCheckRequest } from './question.ts';

/** What a caller is told. */
export interface Answer {
  /** What it is to enforce. */
  readonly decision: boolean;
  /** The decision record's id: ask `why`. */
  readonly id: string;
  readonly reason: ReasonCode;
  /** At which revision, as a token that a later request may demand. */
  readonly revision: string;
  /** Only for callers that may see paths. */
  readonly detail?: AnswerDetail;
}

export interface AnswerDetail {
  readonly reasons: readonly ReasonCode[];
  readonly chain?: ChainTrace;
  readonly limit?: string;
  readonly bundle: string;
  /** What was decided, where the caller only observes and was answered otherwise. */
  readonly observed?: boolean;
}

/** Reasons that a caller can act upon without learning what exists: kept when they are the only ones. */
const TOLD_TO_ALL: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'allowed',
  'session_required',
  'origin_unproven',
  'claim_mismatch',
  'actor_missing',
  'limit_exceeded',
  'stale',
  'log_unavailable',
]);

/** How often an allow is decided again because of changes made meanwhile, before it is denied as stale. */
const RELEASE_ATTEMPTS = 8;

/** One check, step by step as in design section 6: every door that answers a decision goes through here. */
export class Checks {
  private readonly ledger: Ledger;
  private readonly log: DecisionLog;

  constructor(ledger: Ledger, log: DecisionLog) {
    this.ledger = ledger;
    this.log = log;
  }

  /** Decides, records durably, and only then answers. */
  async check(question: Question, caller: Caller, requestId?: string): Promise<Result<Answer, Failure>> {
    const started = performance.now();
    const permitted = requireRole(caller, 'check');
    if (!permitted.ok) return permitted;
    const request = toCheckRequest(question, caller, this.ledger.bundle.settings);
    if (!request.ok) return request;
    const fresh = await this.await(question.revision);
    if (!fresh.ok) return fresh;

    let supersedes: string | undefined;
    for (let attempt = 0; ; attempt++) {
      const at = this.ledger.now();
      const { revision } = this.ledger;
      const decision =
        !fresh.value || attempt === RELEASE_ATTEMPTS
          ? staleDecision(this.ledger)
          : decide(request.value, this.ledger.snapshot, at);
      const enforced = decision.allowed || caller.mode === 'observe';
      let id: string;
      try {
        const stored = await this.log.append({
          at,
          caller: caller.id,
          request: request.value,
          decision,
          enforced,
          latencyUs: Math.round((performance.now() - started) * 1000),
          ...(requestId === undefined ? undefined : { requestId }),
          ...(supersedes === undefined ? undefined : { supersedes }),
        });
        id = stored.id;
      } catch (fault) {
        // Never an unlogged allow: a log that cannot write makes this a fault, not an answer.
        return err(failure('log_unavailable', `the decision could not be recorded: ${describe(fault)}`));
      }
      // No allow leaves after the acknowledgement of a change that denies it (invariant 36).
      if (decision.allowed && this.ledger.revision !== revision) {
        supersedes = id;
        continue;
      }
      return ok(this.answer(id, decision, enforced, caller));
    }
  }

  /** Waits, bounded, for the demanded revision: true once it is visible, false if it will not be. */
  private async await(token: string | undefined): Promise<Result<boolean, Failure>> {
    if (token === undefined) return ok(true);
    const revision = this.ledger.parseToken(token);
    if (!revision.ok) {
      if (revision.error === 'unknown') return ok(false);
      return err(failure('invalid', `"${token.slice(0, 64)}" is not a revision: send one that an answer carried`));
    }
    return ok(await this.ledger.waitFor(revision.value, LIMITS.revisionWaitMs));
  }

  private answer(id: string, decision: Decision, enforced: boolean, caller: Caller): Answer {
    const sees = seesEverything(caller);
    return {
      decision: enforced,
      id,
      reason: sees ? decision.reason : coarse(decision),
      revision: this.ledger.token(decision.revision),
      ...(sees ? { detail: detailOf(decision, enforced) } : undefined),
    };
  }
}

/** Unknown and forbidden look alike to whoever may not see paths. */
function coarse(decision: Decision): ReasonCode {
  return decision.reasons.every((reason) => TOLD_TO_ALL.has(reason)) ? decision.reason : 'denied';
}

function detailOf(decision: Decision, enforced: boolean): AnswerDetail {
  return {
    reasons: decision.reasons,
    ...(decision.chain === undefined ? undefined : { chain: decision.chain }),
    ...(decision.limit === undefined ? undefined : { limit: decision.limit }),
    bundle: decision.bundle,
    ...(enforced === decision.allowed ? undefined : { observed: decision.allowed }),
  };
}

function staleDecision(ledger: Ledger): Decision {
  const { snapshot } = ledger;
  return {
    allowed: false,
    reason: 'stale',
    reasons: ['stale'],
    others: [],
    revision: snapshot.revision,
    bundle: snapshot.bundle.digest,
  };
}
