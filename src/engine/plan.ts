import type { Caller } from '../callers/caller.ts';
import type { Attributes } from '../core/entity.ts';
import { plan } from '../core/plan.ts';
import type { ValidationError } from '../core/policy/judgement.ts';
import { allOf, type PlanFilter } from '../core/policy/plan/filter.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type CerbosPrincipal, type CerbosResource, toQuestions } from './cerbos.ts';
import { type Failure, failure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { requireRole } from './permissions.ts';
import { toCheckRequest } from './question.ts';

/** Which resources a principal may do all of `actions` to (Cerbos, "PlanResources"). */
export interface PlanQuestion {
  readonly principal: CerbosPrincipal;
  readonly actions: readonly string[];
  readonly resource: Omit<CerbosResource, 'id'>;
  /** What was verified of the request's aux data. */
  readonly auxData?: Attributes | undefined;
}

export interface PlanAnswer {
  readonly filter: PlanFilter;
  /** Some policy had something to say of some action. */
  readonly matched: boolean;
  /** By action. */
  readonly matchedScopes: ReadonlyMap<string, string>;
  readonly validationErrors: readonly ValidationError[];
}

/** Stands for any resource of the kind: no expression sees its id. */
const ANY = 'any';

/**
 * Plans at the state in force. A plan is not in the decision log: a record is one decision on one resource, which can be
 * replayed at its revision, and a plan is about no resource yet; written down as a decision it would be a record of
 * something that never was. Whoever has to prove single accesses checks them.
 */
export function planResources(question: PlanQuestion, caller: Caller, ledger: Ledger): Result<PlanAnswer, Failure> {
  const permitted = requireRole(caller, 'check');
  if (!permitted.ok) return permitted;
  const { principal, actions, resource, auxData } = question;
  const { settings } = ledger.bundle;
  const entry = { actions, resource: { ...resource, id: ANY } };
  const questions = toQuestions(principal, [entry], settings, auxData);
  if (!questions.ok) return questions;
  const now = ledger.now();
  const filters: PlanFilter[] = [];
  const matchedScopes = new Map<string, string>();
  const errors = new Map<string, ValidationError>();
  let matched = false;
  for (const one of questions.value) {
    const request = toCheckRequest(one, caller, settings);
    if (!request.ok) return request;
    const planned = plan(request.value, ledger.snapshot, now);
    if (!planned.ok) return err(failure('invalid', `there is no plan for ${one.action}: ${planned.error}`));
    filters.push(planned.value.filter);
    matchedScopes.set(one.action, planned.value.matchedScope);
    matched ||= planned.value.matched;
    for (const error of planned.value.validationErrors ?? []) errors.set(JSON.stringify(error), error);
  }
  // Whoever only observes is answered with an allow (design, section 3).
  const filter: PlanFilter = caller.mode === 'observe' ? { kind: 'always_allowed' } : allOf(filters);
  return ok({ filter, matched, matchedScopes, validationErrors: [...errors.values()] });
}
