import type { CheckRequest } from './decision.ts';

const NAMES: { readonly [member in keyof Required<CheckRequest>]: string } = {
  actor: 'actor',
  origin: 'origin',
  proof: 'proof',
  action: 'action',
  resource: 'resource',
  delegation: 'delegation',
  claimedChain: 'claimed_chain',
  actionProperties: 'action_properties',
  resourceAttributes: 'resource_attributes',
  openAttributes: 'open_attributes',
  context: 'context',
  asserted: 'asserted',
  scope: 'scope',
  policyVersion: 'policy_version',
  principalScope: 'principal_scope',
  principalPolicyVersion: 'principal_policy_version',
  siblingActions: 'sibling_actions',
  auxData: 'aux_data',
};

/** The members of a request and what they are called where it is written down, in the order of those names. */
export const REQUEST_NAMES = (Object.entries(NAMES) as [keyof CheckRequest, string][]).sort(([, left], [, right]) =>
  left < right ? -1 : 1,
);
