import { Type } from 'typebox';
import type { DecisionFilter } from '../../audit/log.ts';
import { REASONS } from '../../core/decision.ts';
import { entityPatternFault } from '../../core/delegation/patterns.ts';
import { parseEntity } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Unfinished } from '../../core/unfinished.ts';
import { type Failure, type FieldError, failure } from '../../engine/failure.ts';
import { parseTime } from './time.ts';

/** What decisions are looked for by, as it comes in a query. */
export interface DecisionQuery {
  readonly caller?: string;
  readonly actor?: string;
  readonly origin?: string;
  readonly principal?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly type?: string;
  readonly decision?: boolean;
  readonly enforced?: boolean;
  readonly reason?: string;
  readonly delegation?: string;
  readonly bundle?: string;
  readonly search?: string;
  readonly from?: string;
  readonly to?: string;
}

const SEARCHES = ['none', 'subject', 'resource', 'action'] as const;

/** The members of a query string. */
export const DECISION_QUERY = {
  caller: Type.Optional(Type.String({ description: 'Who asked for the decision' })),
  actor: Type.Optional(Type.String()),
  origin: Type.Optional(Type.String()),
  principal: Type.Optional(Type.String({ description: 'Anybody on any chain of the record, its two ends among them' })),
  action: Type.Optional(Type.String()),
  resource: Type.Optional(Type.String({ description: 'tool:github/issue, or a pattern: tool:github/*, tool:*' })),
  type: Type.Optional(Type.String({ description: 'Of the resource' })),
  decision: Type.Optional(Type.Boolean({ description: 'As decided, whatever was enforced' })),
  enforced: Type.Optional(Type.Boolean({ description: 'As answered: another than the decision in observe mode' })),
  reason: Type.Optional(Type.String({ description: 'Any that applies, not only the one that is reported' })),
  delegation: Type.Optional(Type.String({ description: 'On any chain of the record' })),
  bundle: Type.Optional(Type.String({ description: 'The digest of the policies in force' })),
  search: Type.Optional(
    Type.String({ description: `Asked for by itself, or found by a search for that: ${SEARCHES.join(', ')}` }),
  ),
  from: Type.Optional(Type.String({ description: 'RFC 3339: decided at or after it' })),
  to: Type.Optional(Type.String({ description: 'RFC 3339: decided before it' })),
};

/** The filter that a query means; every field of it that means nothing is told. */
export function toDecisionFilter(query: DecisionQuery): Result<DecisionFilter, Failure> {
  const errors: FieldError[] = [];
  const refuse = (field: string, why: string): void => {
    errors.push({ field, message: `${field}: ${why}` });
  };
  for (const field of ['actor', 'origin', 'principal'] as const) {
    const name = query[field];
    const parsed = name === undefined ? undefined : parseEntity(name);
    if (parsed?.ok === false) refuse(field, parsed.error);
  }
  const fault = query.resource === undefined ? undefined : entityPatternFault(query.resource);
  if (fault !== undefined) refuse('resource', fault);
  if (query.reason !== undefined && !REASONS.some((reason) => reason === query.reason)) {
    refuse('reason', `"${query.reason.slice(0, 64)}" is none: ${REASONS.join(', ')}`);
  }
  const search = SEARCHES.find((one) => one === query.search);
  if (query.search !== undefined && search === undefined) refuse('search', `is one of ${SEARCHES.join(', ')}`);
  const time = (field: 'from' | 'to'): number | undefined => {
    const text = query[field];
    const parsed = text === undefined ? undefined : parseTime(text);
    if (text !== undefined && parsed === undefined) {
      refuse(field, `"${text.slice(0, 64)}" is no time: write 2030-01-31T12:00:00Z`);
    }
    return parsed;
  };
  const [from, to] = [time('from'), time('to')];
  if (errors.length > 0) return err(failure('invalid', errors.map(({ message }) => message).join('; '), errors));
  const filter: Unfinished<DecisionFilter> = {};
  for (const field of FIELDS) {
    const value = query[field];
    if (value !== undefined) filter[field] = value;
  }
  if (query.decision !== undefined) filter.allowed = query.decision;
  if (query.enforced !== undefined) filter.enforced = query.enforced;
  if (search !== undefined) filter.search = search;
  if (from !== undefined) filter.from = from;
  if (to !== undefined) filter.to = to;
  return ok(filter);
}

const FIELDS = [
  'caller',
  'actor',
  'origin',
  'principal',
  'action',
  'resource',
  'type',
  'reason',
  'delegation',
  'bundle',
] as const;
