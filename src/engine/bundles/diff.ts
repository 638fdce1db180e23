import { setImmediate } from 'node:timers/promises';
import type { DecisionLog, StoredDecision } from '../../audit/log.ts';
import type { Caller } from '../../callers/caller.ts';
import { compileBundle } from '../../core/bundle.ts';
import { decide } from '../../core/decide.ts';
import type { CheckRequest } from '../../core/decision.ts';
import { formatProblem } from '../../core/problem.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, Snapshot } from '../../core/snapshot.ts';
import { type Explanation, toExplanation } from '../explain.ts';
import { type Failure, type FieldError, failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { requireRole } from '../permissions.ts';
import { type Question, toCheckRequest } from '../question.ts';
import { findBundle } from './bundles.ts';
import { type SourceFile, toBundleSource } from './publish.ts';

/** A bundle of the store, by its digest or as `current`; or the files of one that was never published. */
export type BundleChoice = string | readonly SourceFile[];

export interface DiffRequest {
  readonly old: BundleChoice;
  readonly new: BundleChoice;
  /** Questions to decide now, or how many recorded decisions to take again, newest first. */
  readonly over: { readonly questions: readonly Question[] } | { readonly decisions: number };
}

/** One request that the two bundles decide differently. */
export interface Flip {
  /** Of the decision record, or the place among the questions (from 0). */
  readonly subject: { readonly decision: string } | { readonly question: number };
  readonly old: Explanation;
  readonly new: Explanation;
}

export interface BundleDiff {
  readonly old: string;
  readonly new: string;
  /** How many requests were decided under both. */
  readonly compared: number;
  /** Recorded decisions that cannot be taken again: they never saw a bundle, or their revision is not in the store. */
  readonly skipped: number;
  readonly flips: readonly Flip[];
}

/** Decided between two breaths: other requests are answered in between. */
const PER_TURN = 32;

interface Case {
  readonly subject: Flip['subject'];
  readonly requests: readonly [CheckRequest, CheckRequest];
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * What would change: requests decided under two bundles, and those that come out differently with both paths. Recorded
 * decisions are taken again at their own time and with the relationships and delegations of their own revision; only the
 * bundle is another one. Nothing is recorded, nothing changes.
 */
export async function diffBundles(
  ledger: Ledger,
  log: DecisionLog,
  asked: DiffRequest,
  caller: Caller,
): Promise<Result<BundleDiff, Failure>> {
  const permitted = requireRole(caller, 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const before = compileChoice(ledger, 'old', asked.old);
  if (!before.ok) return before;
  const after = compileChoice(ledger, 'new', asked.new);
  if (!after.ok) return after;
  const bundles = [before.value, after.value] as const;
  const cases =
    'questions' in asked.over
      ? askedCases(ledger, asked.over.questions, caller, bundles)
      : ok(recordedCases(ledger, log, asked.over.decisions));
  if (!cases.ok) return cases;
  const { open, skipped } = cases.value;
  const flips: Flip[] = [];
  for (let done = 0; done < open.length; done += PER_TURN) {
    if (done > 0) await setImmediate();
    for (const one of open.slice(done, done + PER_TURN)) {
      const flip = compare(ledger, one, bundles, caller);
      if (flip !== undefined) flips.push(flip);
    }
  }
  return ok({ old: before.value.digest, new: after.value.digest, compared: open.length, skipped, flips });
}

function compileChoice(ledger: Ledger, field: 'old' | 'new', choice: BundleChoice): Result<Bundle, Failure> {
  const source = typeof choice === 'string' ? findBundle(ledger, choice) : ok(toBundleSource(choice));
  if (!source.ok) return source;
  const bundle = compileBundle(source.value);
  if (bundle.ok) return bundle;
  const message = `the ${field} bundle has ${bundle.error.length} error(s):\n${bundle.error.map(formatProblem).join('\n')}`;
  return err({ ...failure('unprocessable', message), problems: bundle.error });
}

interface Cases {
  readonly open: readonly Case[];
  readonly skipped: number;
}

/** In the order of their revisions, so that each past state is built once; the newest come last. */
function recordedCases(ledger: Ledger, log: DecisionLog, limit: number): Cases {
  const records: StoredDecision[] = [];
  let before: string | undefined;
  do {
    const page = log.list({}, { limit: limit - records.length, ...(before === undefined ? undefined : { before }) });
    records.push(...page.records);
    before = page.next;
  } while (before !== undefined && records.length < limit);
  const repeatable = records.filter(
    ({ decision }) => decision.reason !== 'stale' && decision.revision <= ledger.revision,
  );
  const open = repeatable
    .map(({ id, request, decision, at }): Case => {
      return { subject: { decision: id }, requests: [request, request], revision: decision.revision, at };
    })
    .reverse()
    .sort((left, right) => left.revision - right.revision);
  return { open, skipped: records.length - repeatable.length };
}

function askedCases(
  ledger: Ledger,
  questions: readonly Question[],
  caller: Caller,
  bundles: readonly [Bundle, Bundle],
): Result<Cases, Failure> {
  const faults: FieldError[] = [];
  const asker = supposed(caller);
  const { revision } = ledger;
  const at = ledger.now();
  const open = questions.flatMap((question, index): Case[] => {
    const old = toCheckRequest(question, asker, bundles[0].settings);
    const fresh = toCheckRequest(question, asker, bundles[1].settings);
    if (old.ok && fresh.ok) {
      return [{ subject: { question: index }, requests: [old.value, fresh.value], revision, at }];
    }
    const message = old.ok ? (fresh.ok ? '' : fresh.error.message) : old.error.message;
    faults.push({ field: `requests/${index}`, message });
    return [];
  });
  if (faults.length === 0) return ok({ open, skipped: 0 });
  return err(failure('unprocessable', `${faults.length} of the requests cannot be decided`, faults));
}

/** Whoever may see every path may suppose any request: this caller exists only for asking what would be. */
function supposed({ id }: Caller): Caller {
  return {
    id,
    roles: ['check'],
    actors: ['*'],
    origins: ['*'],
    vouches: ['*'],
    direct: true,
    asserts: ['roles', 'attributes', 'scope'],
    mode: 'enforce',
  };
}

function compare(
  ledger: Ledger,
  { subject, requests, revision, at }: Case,
  bundles: readonly [Bundle, Bundle],
  caller: Caller,
): Flip | undefined {
  const state = ledger.at(revision);
  if (state === undefined) return undefined;
  const sides = [
    { request: requests[0], snapshot: { ...state, bundle: bundles[0] } },
    { request: requests[1], snapshot: { ...state, bundle: bundles[1] } },
  ] as const;
  const [old, fresh] = sides.map(({ request, snapshot }) => decide(request, snapshot, at).allowed);
  if (old === fresh) return undefined;
  const explain = ({ request, snapshot }: { request: CheckRequest; snapshot: Snapshot }): Explanation =>
    toExplanation(ledger, request, decide(request, snapshot, at, 'explain'), snapshot, at, caller);
  return { subject, old: explain(sides[0]), new: explain(sides[1]) };
}
