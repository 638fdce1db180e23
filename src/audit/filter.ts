import type { ChainTrace } from '../core/path/trace.ts';
import type { DecisionFilter, StoredDecision } from './log.ts';

/**
 * What the line of every matching record contains. In canonical JSON a member with a value has one form only; looking
 * for it in the bytes spares parsing nearly all of the records that do not match. A delegation may stand in a step that
 * the record only refers to.
 */
export function needlesOf(filter: DecisionFilter): readonly Buffer[] {
  const members = (['actor', 'origin', 'resource', 'action'] as const).flatMap((name) => {
    const value = filter[name];
    return value === undefined ? [] : [Buffer.from(`"${name}":${JSON.stringify(value)}`)];
  });
  return filter.allowed === undefined ? members : [...members, Buffer.from(`"decision":${filter.allowed}`)];
}

/** Whether a record matches every field that the filter gives. */
export function matches(record: StoredDecision, filter: DecisionFilter): boolean {
  const { request, decision } = record;
  return (
    (filter.actor === undefined || request.actor === filter.actor) &&
    (filter.origin === undefined || request.origin === filter.origin) &&
    (filter.resource === undefined || request.resource === filter.resource) &&
    (filter.action === undefined || request.action === filter.action) &&
    (filter.allowed === undefined || decision.allowed === filter.allowed) &&
    (filter.delegation === undefined || usesDelegation(record, filter.delegation))
  );
}

function usesDelegation({ decision }: StoredDecision, delegation: string): boolean {
  const chains: readonly ChainTrace[] =
    decision.chain === undefined ? decision.others : [decision.chain, ...decision.others];
  return chains.some(({ steps }) => steps.some((step) => step.kind === 'edge' && step.delegation === delegation));
}
