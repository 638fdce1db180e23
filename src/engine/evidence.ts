import type { ConsistencyProof, Evidence, RecordProof, SignedCheckpoint } from '../audit/checkpoints/evidence.ts';
import type { DecisionLog } from '../audit/log.ts';
import type { Caller } from '../callers/caller.ts';
import { err, ok, type Result } from '../core/result.ts';
import { getDecision } from './decisions.ts';
import { type Failure, failure } from './failure.ts';
import { requireRole } from './permissions.ts';

/** A checkpoint of everything that was decided until now (design, section 8). For auditors. */
export async function currentCheckpoint(
  evidence: Evidence,
  caller: Caller,
): Promise<Result<SignedCheckpoint, Failure>> {
  const permitted = requireRole(caller, 'audit', 'administer');
  return permitted.ok ? ok(await evidence.checkpoint()) : permitted;
}

/** The proof that a decision is in the log, with the checkpoint that it leads to. */
export async function proveDecision(
  log: DecisionLog,
  evidence: Evidence,
  id: string,
  caller: Caller,
): Promise<Result<RecordProof, Failure>> {
  const recorded = getDecision(log, id, caller);
  if (!recorded.ok) return recorded;
  const proof = await evidence.proof(id);
  return proof === undefined ? err(failure('not_found', `there is no decision ${id}`)) : ok(proof);
}

/**
 * The proof that nothing of the first `from` records was changed or removed when there were `to`.
 *
 * @param to default: as many as there are
 */
export function proveGrowth(
  evidence: Evidence,
  from: number,
  to: number | undefined,
  caller: Caller,
): Result<ConsistencyProof, Failure> {
  const permitted = requireRole(caller, 'audit', 'administer');
  if (!permitted.ok) return permitted;
  const size = evidence.head.sequence;
  const end = to ?? size;
  if (from <= end && end <= size) return ok(evidence.consistency(from, end));
  const fields = [
    ...(from > end ? [{ field: 'from', message: `must not be above ${end}` }] : []),
    ...(end > size ? [{ field: 'to', message: `must not be above ${size}: the log has so many records` }] : []),
  ];
  const told = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  return err(failure('invalid', told, fields));
}
