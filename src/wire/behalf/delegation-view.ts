import { Type } from 'typebox';
import type { Activation, Delegation, Revocation } from '../../core/delegation/delegation.ts';
import { DELEGATION_STATES, type DelegationView } from '../../engine/delegations.ts';
import type { Ledger } from '../../engine/ledger.ts';
import { rfc3339 } from '../trace.ts';
import { CAPABILITY } from './delegation-draft.ts';
import { TIME } from './time.ts';

type Token = Ledger['token'];

const DELEGATION = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  parent: Type.Optional(Type.String()),
  from: Type.String(),
  to: Type.String(),
  origin: Type.Optional(Type.String()),
  capabilities: Type.Array(CAPABILITY),
  condition: Type.Optional(Type.String()),
  proof: Type.String(),
  activation: Type.String(),
  not_before: TIME,
  expires_at: Type.Optional(TIME),
  max_session: Type.Optional(Type.Integer()),
  max_depth: Type.Integer(),
  onward_to: Type.Optional(Type.Array(Type.String())),
  version: Type.Integer(),
  created_at: TIME,
  created_by: Type.String(),
  basis: Type.Enum(['person', 'organisation']),
  revision: Type.String(),
});

const REVOCATION = Type.Object({
  delegation: Type.String(),
  origin: Type.Optional(Type.String()),
  at: TIME,
  by: Type.String(),
  reason: Type.String(),
  revision: Type.String(),
});

export const ACTIVATION = Type.Object({
  id: Type.String(),
  delegation: Type.String(),
  origin: Type.String(),
  created_at: TIME,
  expires_at: TIME,
  by: Type.String(),
});

/** A delegation as it is shown, with what its place in the forest makes of it now. */
export const VIEW = Type.Object({
  ...DELEGATION.properties,
  state: Type.Enum([...DELEGATION_STATES]),
  revoked: Type.Optional(REVOCATION),
  withdrawn: Type.Array(REVOCATION),
  activations: Type.Array(ACTIVATION),
  chain: Type.Array(DELEGATION, { description: 'From the root to this one' }),
  children: Type.Array(Type.String()),
});

export function viewJson(view: DelegationView, token: Token): object {
  return {
    ...delegationJson(view.delegation, token),
    state: view.state,
    ...(view.revoked === undefined ? undefined : { revoked: revocationJson(view.revoked, token) }),
    withdrawn: view.withdrawn.map((revocation) => revocationJson(revocation, token)),
    activations: view.activations.map(activationJson),
    chain: view.chain.map((delegation) => delegationJson(delegation, token)),
    children: view.children,
  };
}

function delegationJson(delegation: Delegation, token: Token): object {
  const { id, not_before, expires_at, created_at, revision, ...rest } = delegation;
  return {
    id,
    ...rest,
    not_before: rfc3339(not_before),
    ...(expires_at === undefined ? undefined : { expires_at: rfc3339(expires_at) }),
    created_at: rfc3339(created_at),
    revision: token(revision),
  };
}

function revocationJson(revocation: Revocation, token: Token): object {
  return { ...revocation, at: rfc3339(revocation.at), revision: token(revocation.revision) };
}

export function activationJson(activation: Activation): object {
  return {
    ...activation,
    created_at: rfc3339(activation.created_at),
    expires_at: rfc3339(activation.expires_at),
  };
}
