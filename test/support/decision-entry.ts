import type { DecisionEntry } from '../../src/audit/log.ts';
import type { CheckRequest, Decision } from '../../src/core/decision.ts';

/** A decision as it is recorded: alice's assistant through one delegation, allowed unless told otherwise. */
export function decisionEntry(given: {
  readonly request?: Partial<CheckRequest>;
  readonly decision?: Partial<Decision>;
  readonly delegation?: string;
  readonly at?: number;
}): DecisionEntry {
  const delegation = given.delegation ?? 'dg_1';
  return {
    at: given.at ?? 1_760_000_000_000,
    caller: 'gateway',
    request: {
      actor: 'agent:assistant',
      origin: 'user:alice',
      proof: 'verified',
      action: 'call',
      resource: 'tool:github/create_issue',
      ...given.request,
    },
    decision: {
      allowed: true,
      reason: 'allowed',
      reasons: ['allowed'],
      chain: {
        delegation,
        allowed: true,
        reasons: [],
        steps: [
          {
            kind: 'principal',
            principal: 'user:alice',
            roles: ['user'],
            reasons: [],
            entitlement: { by: 'relationship', relation: 'can_call', proof: [] },
            prohibitions: [],
            rules: [],
            errors: [],
          },
          {
            kind: 'edge',
            delegation,
            from: 'user:alice',
            to: 'agent:assistant',
            reasons: [],
            capability: 0,
            conditions: [{ expression: 'R.attr.args.size < 100', value: 'true' }],
            not_before: 0,
          },
        ],
      },
      others: [],
      revision: 7,
      bundle: `sha256:${'ab'.repeat(32)}`,
      ...given.decision,
    },
    enforced: true,
    latencyUs: 120,
  };
}
