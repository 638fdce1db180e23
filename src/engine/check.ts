import type { DecisionEntry, DecisionLog } from '../audit/log.ts';
import type { Caller } from '../callers/caller.ts';
import { decide } from '../core/decide.ts';
import type { CheckRequest, Decision, ReasonCode } from '../core/decision.ts';
import { LIMITS } from '../core/limits.ts';
import type { ChainTrace, PolicyAnswer } from '../core/path/trace.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Unfinished } from '../core/unfinished.ts';
import type { Correlation } from './correlation.ts';
import { awaitRevision } from './demanded-revision.ts';
import { type Failure, failure, isFault } from './failure.ts';
import { describe, type Ledger } from './ledger.ts';
import type { LogRate } from './log-rate.ts';
import { requireRole, seesEverything } from './permissions.ts';
import { type Question, toCheckRequest } from './question.ts';
import { Turns } from './turns.ts';
import { coarse } from './visibility.ts';

/** What a caller is told. */
export interface Answer {
  /** What it is to enforce. */
  readonly decision: boolean;
  /** The decision record's id: ask `why`. */
  readonly id: string;
  readonly reason: ReasonCode;
  /** With `session_required`: the delegation that an activation would open. */
  readonly delegation?: string;
  /** At which revision, as a token that a later request may demand. */
  readonly revision: string;
  /** Only for callers that may see paths. */
  readonly detail?: AnswerDetail;
  /** Only where it was asked for: what the policies say of the principal besides yes or no. */
  readonly policy?: PolicyAnswer;
}

/** How several questions are answered. */
export interface CheckOptions extends Correlation {
  /** They are decided in order, and the first decision that is so is the last. */
  readonly stopsAt?: boolean | undefined;
  /** Answers carry `policy`. It names policies and derived roles, never paths, values or relationships. */
  readonly policy?: true;
}

export interface AnswerDetail {
  readonly reasons: readonly ReasonCode[];
  readonly chain?: ChainTrace;
  readonly limit?: string;
  readonly bundle: string;
  /** What was decided, where the caller only observes and was answered otherwise. */
  readonly observed?: boolean;
}

const NOTHING_DEMANDED: Result<boolean, Failure> = ok(true);

/** How often an allow is decided again because of changes made meanwhile, before it is denied as stale. */
const RELEASE_ATTEMPTS = 8;

const LATE = `the batch took more than ${LIMITS.batchMs} ms, so this item was not decided (limit batchMs): send fewer`;

/** A question that this caller may put, on its way. */
interface Ask {
  readonly request: CheckRequest;
  readonly revision: string | undefined;
  readonly caller: Caller;
  readonly correlation: Correlation;
  readonly started: number;
  /** The record of the decision before, where it is decided again. */
  last: string | undefined;
}

/** The state and the time of decisions. */
interface DecidedAt {
  readonly snapshot: Snapshot;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface Recorded {
  readonly id: string;
  readonly decision: Decision;
  readonly enforced: boolean;
}

/** One check, step by step as in design section 6: every door that answers a decision goes through here. */
export class Checks {
  private readonly ledger: Ledger;
  private readonly log: DecisionLog;
  private readonly rate: LogRate | undefined;
  /** Batches share them: however many there are, whoever asks one question waits for one turn. */
  private readonly turns = new Turns();

  /** @param rate absent: every caller may ask as fast as it likes */
  constructor(ledger: Ledger, log: DecisionLog, rate?: LogRate) {
    this.ledger = ledger;
    this.log = log;
    this.rate = rate;
    const [latest] = log.list({}, { limit: 1 }).records;
    if (latest !== undefined) ledger.recordTime(latest.at);
  }

  /** Decides, records durably, and only then answers. */
  async check(question: Question, caller: Caller, correlation: Correlation = {}): Promise<Result<Answer, Failure>> {
    const [answer] = await this.checkAll([ok(question)], caller, correlation);
    return answer ?? err(failure('invalid', 'there is no question'));
  }

  /**
   * Checks several questions for one answer. Where `stopsAt` is given they are decided in order, and the first
   * decision that is so is the last. No allow of them is released after the acknowledgement of a change that denies
   * it (invariant 36): if anything changed since one was decided, all are decided again.
   */
  async checkAll(
    questions: readonly Result<Question, Failure>[],
    caller: Caller,
    options: CheckOptions = {},
  ): Promise<readonly Result<Answer, Failure>[]> {
    const asks = questions.map((question) => this.toAsk(question, caller, options));
    const held = this.hold(asks, caller);
    if (held !== undefined) return asks.map((ask) => (ask.ok ? err(held) : ask));
    const deadline = asks.length > 1 ? performance.now() + LIMITS.batchMs : Number.POSITIVE_INFINITY;
    for (let attempt = 0; ; attempt++) {
      const how = { stopsAt: options.stopsAt, giveUp: attempt === RELEASE_ATTEMPTS, deadline };
      const answers = await this.answerAll(asks, how);
      const { revision } = this.ledger;
      const isOutdated = answers.some(
        (one) => one.ok && one.value.decision.allowed && one.value.decision.revision !== revision,
      );
      if (!isOutdated) return answers.map((one) => (one.ok ? ok(this.toAnswer(one.value, caller, options)) : one));
    }
  }

  /** Why the caller has to wait, where its questions would be too many records. */
  private hold(asks: readonly Result<Ask, Failure>[], caller: Caller): Failure | undefined {
    const records = asks.filter(({ ok: isAsked }) => isAsked).length;
    return records === 0 ? undefined : this.rate?.take(caller, records);
  }

  private toAsk(question: Result<Question, Failure>, caller: Caller, correlation: Correlation): Result<Ask, Failure> {
    const permitted = requireRole(caller, 'check');
    if (!permitted.ok) return permitted;
    if (!question.ok) return question;
    const request = toCheckRequest(question.value, caller, this.ledger.bundle.settings);
    if (!request.ok) return request;
    const ask: Ask = {
      request: request.value,
      revision: question.value.revision,
      caller,
      correlation,
      started: performance.now(),
      last: undefined,
    };
    return ok(ask);
  }

  private async answerAll(
    asks: readonly Result<Ask, Failure>[],
    {
      stopsAt,
      giveUp,
      deadline,
    }: { readonly stopsAt: boolean | undefined; readonly giveUp: boolean; readonly deadline: number },
  ): Promise<readonly Result<Recorded, Failure>[]> {
    const [first] = asks;
    // A single question, which is most of what is asked, does not wait for others.
    if (first !== undefined && asks.length === 1) {
      if (!first.ok) return [first];
      const fresh = await this.awaitDemanded(first.value);
      return [fresh.ok ? await this.decideAndRecord(first.value, this.state(), giveUp || !fresh.value) : fresh];
    }
    // All of a batch at one revision, the latest once everything that is demanded is there.
    const demanded = await Promise.all(asks.map((ask) => (ask.ok ? this.awaitDemanded(ask.value) : NOTHING_DEMANDED)));
    const state = this.state();
    const answers: Promise<Result<Recorded, Failure>>[] = [];
    let turn = performance.now();
    for (const [index, ask] of asks.entries()) {
      if (performance.now() - turn >= LIMITS.batchTurnMs) {
        await this.turns.next();
        turn = performance.now();
      }
      const fresh = demanded[index] ?? NOTHING_DEMANDED;
      const answer = this.answerOne(ask, fresh, state, { giveUp, isLate: turn > deadline });
      // Their records share writes to the disk where all are answered.
      answers.push(answer);
      if (stopsAt === undefined) continue;
      const one = await answer;
      if (one.ok ? one.value.enforced === stopsAt : isFault(one.error) || !stopsAt) break;
    }
    return Promise.all(answers);
  }

  private async answerOne(
    ask: Result<Ask, Failure>,
    fresh: Result<boolean, Failure>,
    state: DecidedAt,
    { giveUp, isLate }: { readonly giveUp: boolean; readonly isLate: boolean },
  ): Promise<Result<Recorded, Failure>> {
    if (!ask.ok) return ask;
    if (!fresh.ok) return fresh;
    if (isLate) return err(failure('deadline_exceeded', LATE));
    return this.decideAndRecord(ask.value, state, giveUp || !fresh.value);
  }

  private awaitDemanded({ revision }: Ask): Promise<Result<boolean, Failure>> | Result<boolean, Failure> {
    return revision === undefined ? NOTHING_DEMANDED : awaitRevision(this.ledger, revision);
  }

  private state(): DecidedAt {
    return { snapshot: this.ledger.snapshot, at: this.ledger.now() };
  }

  /** One decision and its record, on disk. With `isStale` it is a denial: what it was to be decided at is not there. */
  private async decideAndRecord(
    ask: Ask,
    { snapshot, at }: DecidedAt,
    isStale: boolean,
  ): Promise<Result<Recorded, Failure>> {
    const decision = isStale ? staleDecision(snapshot) : decide(ask.request, snapshot, at);
    const enforced = decision.allowed || ask.caller.mode === 'observe';
    try {
      const entry: Unfinished<DecisionEntry> = {
        at,
        caller: ask.caller.id,
        request: ask.request,
        decision,
        epoch: this.ledger.store.epoch,
        enforced,
        latencyUs: Math.round((performance.now() - ask.started) * 1000),
      };
      if (ask.caller.credential !== undefined) entry.credential = ask.caller.credential;
      if (ask.correlation.requestId !== undefined) entry.requestId = ask.correlation.requestId;
      if (ask.correlation.trace !== undefined) entry.trace = ask.correlation.trace;
      if (ask.last !== undefined) entry.supersedes = ask.last;
      const { id } = await this.log.append(entry);
      this.ledger.recordTime(at);
      ask.last = id;
      return ok({ id, decision, enforced });
    } catch (fault) {
      // Never an unlogged allow: a log that cannot write makes this a fault, not an answer.
      return err(failure('log_unavailable', `the decision could not be recorded: ${describe(fault)}`));
    }
  }

  private toAnswer({ id, decision, enforced }: Recorded, caller: Caller, options: CheckOptions): Answer {
    const sees = seesEverything(caller);
    const reason = sees ? decision.reason : coarse(decision);
    const policy = options.policy ? policyOf(decision) : undefined;
    const closed = reason === 'session_required' ? closedEdge(decision) : undefined;
    return {
      decision: enforced,
      id,
      reason,
      ...(closed === undefined ? undefined : { delegation: closed }),
      revision: this.ledger.token(decision.revision),
      ...(policy === undefined ? undefined : { policy }),
      ...(sees ? { detail: detailOf(decision, enforced) } : undefined),
    };
  }
}

/** The first delegation on the way that waits for a session. */
function closedEdge(decision: Decision): string | undefined {
  for (const step of decision.chain?.steps ?? []) {
    if (step.kind === 'edge' && step.reasons.includes('session_required')) return step.delegation;
  }
  return undefined;
}

/** What the policies said of the origin, which every chain begins with. */
function policyOf(decision: Decision): PolicyAnswer | undefined {
  const origin = decision.chain?.steps[0];
  return origin?.kind === 'principal' ? origin.policy : undefined;
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

function staleDecision(snapshot: Snapshot): Decision {
  return {
    allowed: false,
    reason: 'stale',
    reasons: ['stale'],
    others: [],
    revision: snapshot.revision,
    bundle: snapshot.bundle.digest,
  };
}
