import type { DecisionLog } from '../../audit/log.ts';
import type { Caller } from '../../callers/caller.ts';
import { decide } from '../../core/decide.ts';
import type { CheckRequest, Decision } from '../../core/decision.ts';
import { typeOf } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Correlation } from '../correlation.ts';
import { awaitRevision } from '../demanded-revision.ts';
import { type Failure, failure } from '../failure.ts';
import { describe, type Ledger } from '../ledger.ts';
import type { LogRate } from '../log-rate.ts';
import { requireRole } from '../permissions.ts';
import { type Question, toCheckRequest } from '../question.ts';
import { PageTime, Turns } from '../turns.ts';
import { knownActions, knownEntities } from './candidates.ts';
import { digestOf, Pages } from './pages.ts';
import { type Quest, type Scanned, type Start, scan } from './scan.ts';

/** Which part of a question is looked for. */
export type SearchTarget = 'subject' | 'resource' | 'action';

/** A question in which one part stands for any: of an entity its type counts, of an action nothing. */
export interface Search {
  readonly target: SearchTarget;
  readonly question: Question;
}

export interface PageRequest {
  readonly token?: string;
  /** At most so many results. */
  readonly limit: number;
}

export interface SearchPage {
  /** Entities, or names of actions, in the order of their text. */
  readonly results: readonly string[];
  /** For the next page; empty where this was the last one. */
  readonly next: string;
  readonly revision: string;
  /** The demanded revision did not arrive: nothing is allowed then. */
  readonly stale?: true;
}

/** How often a page is looked at again because something changed, before it is held back. */
const RELEASE_ATTEMPTS = 8;

interface Asked extends Search {
  readonly caller: Caller;
  readonly correlation: Correlation;
  readonly digest: string;
  readonly started: number;
}

/** A result on its way: the decision that it rests on, and its record once there is one. */
interface Found {
  readonly name: string;
  readonly request: CheckRequest;
  readonly decision: Decision;
  readonly at: number;
  readonly record?: string;
}

/**
 * Search over the whole decision (AuthZEN 1.0, section 8): every known candidate is put to `decide` itself, at one
 * revision and one time for all pages, so x is found iff a check of x there allows (invariant 28). A caller finds
 * only what it may name.
 *
 * Each result is an allow that was answered, so each is recorded like any other decision, durably and before it
 * leaves; it can be explained and replayed by its own. What a record of the whole search would say more, that
 * everything else was denied, follows from revision and time.
 */
export class Searches {
  private readonly ledger: Ledger;
  private readonly log: DecisionLog;
  private readonly pages: Pages;
  private readonly turns = new Turns();
  private readonly rate: LogRate | undefined;

  /** @param rate absent: every caller may search as fast as it likes */
  constructor(ledger: Ledger, log: DecisionLog, rate?: LogRate) {
    this.ledger = ledger;
    this.pages = new Pages(ledger);
    this.log = log;
    this.rate = rate;
  }

  async search(
    search: Search,
    page: PageRequest,
    caller: Caller,
    correlation: Correlation = {},
  ): Promise<Result<SearchPage, Failure>> {
    const permitted = requireRole(caller, 'check');
    if (!permitted.ok) return permitted;
    const { target, question } = search;
    const digest = digestOf({ target, question: { ...question, ...unnamed(search) } });
    const asked: Asked = { ...search, caller, correlation, digest, started: performance.now() };
    // What is wrong with the question is so for every candidate; that one may not be named is a matter of each.
    const probe = toCheckRequest(question, caller, this.ledger.bundle.settings);
    if (!probe.ok && (probe.error.code !== 'forbidden' || target !== 'subject')) return probe;
    const held = this.rate?.take(caller, 1);
    if (held !== undefined) return err(held);
    const fresh = await awaitRevision(this.ledger, question.revision);
    if (!fresh.ok) return fresh;
    if (!fresh.value) return ok({ results: [], next: '', revision: this.ledger.token(), stale: true });

    const start = page.token === undefined ? ok(undefined) : this.pages.resume(page.token, caller, asked.digest);
    if (!start.ok) return start;
    const quest: Quest<Found> = {
      candidates: (snapshot) => candidatesOf(search, snapshot),
      judge: (name, snapshot, at) => this.decideOne(asked, name, snapshot, at),
    };
    const scanned = await scan(this.ledger, this.turns, quest, start.value, page.limit);
    return scanned.ok ? this.release(asked, scanned.value, start.value) : scanned;
  }

  private decideOne(asked: Asked, name: string, snapshot: Snapshot, at: number): Found | undefined {
    const request = toCheckRequest(naming(asked, name), asked.caller, snapshot.bundle.settings);
    if (!request.ok) return undefined;
    const decision = decide(request.value, snapshot, at);
    // As a check answers it: whoever only observes is answered allow, whatever was decided.
    if (!decision.allowed && asked.caller.mode !== 'observe') return undefined;
    return { name, request: request.value, decision, at };
  }

  /**
   * Records what was found and lets it go. No allow leaves after the acknowledgement of a change that denies it
   * (invariant 36): once the state has moved on, what was found is decided again at the latest state, and what is no
   * longer allowed there is left out.
   */
  private async release(
    asked: Asked,
    scanned: Scanned<Found>,
    start: Start | undefined,
  ): Promise<Result<SearchPage, Failure>> {
    const { found, last, isWhole } = scanned;
    this.rate?.charge(asked.caller, Math.max(0, found.length - 1));
    const revision = this.ledger.token(scanned.revision);
    const tokenAfter = (after: string): string => this.pages.tokenAfter(after, scanned, asked.caller, asked.digest);
    // A later page is decided at the time of the first, which may be some minutes ago.
    let verified = start === undefined ? scanned.revision : -1;
    let kept = found;
    for (let attempt = 0; attempt < RELEASE_ATTEMPTS; attempt++) {
      if (verified !== this.ledger.revision) {
        const again = await this.decideAgain(asked, kept);
        verified = again.revision;
        kept = again.kept;
        const recorded = await this.record(asked, again.denied);
        if (!recorded.ok) return recorded;
        if (verified !== this.ledger.revision) continue;
      }
      const recorded = await this.record(
        asked,
        kept.filter(({ record }) => record === undefined),
      );
      if (!recorded.ok) return recorded;
      const ids = new Map(recorded.value.map((one) => [one.name, one]));
      kept = kept.map((one) => ids.get(one.name) ?? one);
      if (verified !== this.ledger.revision) continue;
      return ok({
        results: kept.map(({ name }) => name),
        next: isWhole ? '' : tokenAfter(last),
        revision,
      });
    }
    // Changes came faster than the page could leave: nothing of it does, and the token begins it again.
    return ok({ results: [], next: tokenAfter(start?.after ?? ''), revision });
  }

  /** What was found, decided at the latest state. Those denied come back only where a record said otherwise. */
  private async decideAgain(
    asked: Asked,
    found: readonly Found[],
  ): Promise<{ readonly revision: number; readonly kept: readonly Found[]; readonly denied: readonly Found[] }> {
    const time = new PageTime(this.turns);
    const { revision, snapshot } = this.ledger;
    const at = this.ledger.now();
    const kept: Found[] = [];
    const denied: Found[] = [];
    for (const one of found) {
      if (time.isTurnOver) {
        await time.nextTurn();
        if (this.ledger.revision !== revision) break;
      }
      const record = one.record === undefined ? {} : { record: one.record };
      const again = this.decideOne(asked, one.name, snapshot, at);
      if (again !== undefined) kept.push({ ...again, ...record });
      else if (one.record !== undefined) denied.push({ ...one, decision: decide(one.request, snapshot, at), at });
    }
    return this.ledger.revision === revision ? { revision, kept, denied } : { revision: -1, kept: found, denied: [] };
  }

  /** All at once: their records share one write to the disk. */
  private async record(asked: Asked, found: readonly Found[]): Promise<Result<readonly Found[], Failure>> {
    const { caller, target, correlation, started } = asked;
    const { requestId, trace } = correlation;
    try {
      const latencyUs = Math.round((performance.now() - started) * 1000);
      const records = await Promise.all(
        found.map(({ at, request, decision, record }) =>
          this.log.append({
            at,
            caller: caller.id,
            ...(caller.credential === undefined ? undefined : { credential: caller.credential }),
            request,
            decision,
            epoch: this.ledger.store.epoch,
            enforced: decision.allowed || caller.mode === 'observe',
            latencyUs,
            search: target,
            ...(requestId === undefined ? undefined : { requestId }),
            ...(trace === undefined ? undefined : { trace }),
            ...(record === undefined ? undefined : { supersedes: record }),
          }),
        ),
      );
      for (const { at } of found) this.ledger.recordTime(at);
      return ok(found.map((one, index) => ({ ...one, record: records[index]?.id ?? '' })));
    } catch (fault) {
      // Never an unlogged allow: a log that cannot write makes this a fault, not an answer.
      return err(failure('log_unavailable', `the results could not be recorded: ${describe(fault)}`));
    }
  }
}

function candidatesOf({ target, question }: Search, snapshot: Snapshot): readonly string[] {
  switch (target) {
    case 'subject':
      return knownEntities(snapshot, typeOf(question.subject.entity));
    case 'resource':
      return knownEntities(snapshot, typeOf(question.resource.entity));
    case 'action':
      return knownActions(snapshot, typeOf(question.resource.entity));
  }
}

/** The question with a candidate in the place of what is looked for. */
function naming({ target, question }: Search, name: string): Question {
  switch (target) {
    case 'subject':
      return { ...question, subject: { ...question.subject, entity: name } };
    case 'resource':
      return { ...question, resource: { ...question.resource, entity: name } };
    case 'action':
      return { ...question, action: name };
  }
}

/** What is looked for, without the name that it had in the request: that is ignored. */
function unnamed({ target, question }: Search): object {
  switch (target) {
    case 'subject':
      return { subject: { ...question.subject, entity: typeOf(question.subject.entity) } };
    case 'resource':
      return { resource: { ...question.resource, entity: typeOf(question.resource.entity) } };
    case 'action':
      return { action: '' };
  }
}
