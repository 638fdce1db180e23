import type { StoredDecision } from '../../src/audit/log.ts';
import { RULES_VERSION } from '../../src/core/decision-rules.ts';
import { decisionEntry } from './decision-entry.ts';

/** A decision as it is read back from a log, the second record of node `test`. */
export function storedDecision(
  given: Parameters<typeof decisionEntry>[0] & Partial<Omit<StoredDecision, 'request' | 'decision'>> = {},
): StoredDecision {
  const { request, decision, delegation, at, ...rest } = given;
  const entry = decisionEntry({
    ...(request === undefined ? undefined : { request }),
    ...(decision === undefined ? undefined : { decision }),
    ...(delegation === undefined ? undefined : { delegation }),
    ...(at === undefined ? undefined : { at }),
  });
  return {
    ...entry,
    id: 'd_0000000002_test',
    format: 2,
    rules: RULES_VERSION,
    node: 'test',
    sequence: 2,
    previous: 'ab'.repeat(32),
    hash: '0123456789abcdef'.repeat(4),
    ...rest,
  };
}
