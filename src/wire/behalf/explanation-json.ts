import { Type } from 'typebox';
import type { CheckRequest } from '../../core/decision.ts';
import type { Explanation } from '../../engine/explain.ts';
import type { Ledger } from '../../engine/ledger.ts';
import { CHAIN, chainJson, rfc3339 } from '../trace.ts';
import { RECORD, recordJson } from './record-json.ts';
import { TIME } from './time.ts';

export const EXPLANATION = Type.Object({
  decision: Type.Boolean(),
  reason: Type.String(),
  reasons: Type.Array(Type.String()),
  request: Type.Object({
    actor: Type.String(),
    origin: Type.String(),
    proof: Type.String(),
    action: Type.String(),
    resource: Type.String(),
    delegation: Type.Optional(Type.String()),
    claimed_chain: Type.Optional(Type.Array(Type.String())),
    open_attributes: Type.Optional(Type.Array(Type.String())),
  }),
  chain: Type.Optional(CHAIN),
  others: Type.Array(CHAIN, { description: 'The other chains that were tried and failed' }),
  shortfalls: Type.Array(
    Type.Object({
      step: Type.Integer({ description: 'Index into the steps; -1 for the request as a whole' }),
      where: Type.String(),
      reason: Type.String(),
      needed: Type.String(),
    }),
  ),
  limit: Type.Optional(Type.String()),
  at: TIME,
  revision: Type.String(),
  bundle: Type.String(),
  redacted: Type.Boolean({ description: 'Hops that the caller neither made nor holds were left out' }),
  recorded: Type.Optional(RECORD),
});

export function explanationJson(explanation: Explanation, token: Ledger['token']): object {
  const { decision, request, shortfalls, at, revision, redacted, recorded } = explanation;
  const { allowed, reason, reasons, chain, others, limit, bundle } = decision;
  return {
    decision: allowed,
    reason,
    reasons,
    request: askedJson(request),
    ...(chain === undefined ? undefined : { chain: chainJson(chain) }),
    others: others.map(chainJson),
    shortfalls,
    ...(limit === undefined ? undefined : { limit }),
    at: rfc3339(at),
    revision,
    bundle,
    redacted,
    ...(recorded === undefined ? undefined : { recorded: recordJson(recorded, token) }),
  };
}

function askedJson(request: CheckRequest): object {
  const { actor, origin, proof, action, resource, delegation, claimedChain, openAttributes } = request;
  return {
    actor,
    origin,
    proof,
    action,
    resource,
    ...(delegation === undefined ? undefined : { delegation }),
    ...(claimedChain === undefined ? undefined : { claimed_chain: claimedChain }),
    ...(openAttributes === undefined ? undefined : { open_attributes: openAttributes }),
  };
}
