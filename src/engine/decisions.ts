import type { Summary, SummaryOptions } from '../audit/index/summarize.ts';
import type { DecisionFilter, DecisionLog, DecisionPage, PageRequest, StoredDecision } from '../audit/log.ts';
import type { Caller } from '../callers/caller.ts';
import { LIMITS } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type Failure, failure } from './failure.ts';
import { requireRole } from './permissions.ts';
import { Turns } from './turns.ts';

/** One summary has a turn at a time: however many there are, a check waits for one turn. */
const turns = new Turns();

/** One record. For auditors, as all of these. */
export function getDecision(log: DecisionLog, id: string, caller: Caller): Result<StoredDecision, Failure> {
  const permitted = requireRole(caller, 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const found = log.get(id);
  if (found !== undefined) return ok(found);
  return err(
    failure(
      'not_found',
      log.has(id)
        ? `the record of decision ${id} was removed: its time had come (log_keep_days, log_keep_mib, behalf audit prune); the checkpoints cover it still`
        : `there is no decision ${id}`,
    ),
  );
}

/** A page of the records that match. It may be short, even empty, and still have a `next`. */
export function listDecisions(
  log: DecisionLog,
  filter: DecisionFilter,
  page: PageRequest,
  caller: Caller,
): Result<DecisionPage, Failure> {
  const permitted = requireRole(caller, 'audit', 'administer');
  if (!permitted.ok) return permitted;
  for (const field of ['before', 'after'] as const) {
    const place = knownPlace(log, field, page[field]);
    if (!place.ok) return place;
  }
  return ok(log.list(filter, { ...page, limit: Math.min(page.limit, LIMITS.pageSize) }));
}

/** How many records match, by their values and by time. */
export async function summarizeDecisions(
  log: DecisionLog,
  filter: DecisionFilter,
  options: SummaryOptions,
  caller: Caller,
): Promise<Result<Summary, Failure>> {
  const permitted = requireRole(caller, 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const place = knownPlace(log, 'before', options.before);
  if (!place.ok) return place;
  return ok(await log.summarize(filter, options, () => turns.next()));
}

function knownPlace(log: DecisionLog, field: string, id: string | undefined): Result<void, Failure> {
  if (id === undefined || log.has(id)) return ok(undefined);
  const message = `${field}: there is no decision "${id.slice(0, 128)}" to list from: send the next of a page`;
  return err(failure('invalid', message, [{ field, message }]));
}
