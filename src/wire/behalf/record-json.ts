import { Type } from 'typebox';
import type { StoredDecision } from '../../audit/log.ts';
import type { CheckRequest } from '../../core/decision.ts';
import { REQUEST_NAMES } from '../../core/request-names.ts';
import type { Ledger } from '../../engine/ledger.ts';
import { JSON_OBJECT } from '../question.ts';
import { CHAIN, chainJson, rfc3339 } from '../trace.ts';
import { TIME } from './time.ts';

/** A decision record (design, section 8): what was asked, by whom, every input, the answer and the path to it. */
export const RECORD = Type.Object({
  id: Type.String(),
  format: Type.Integer(),
  rules: Type.Integer({ description: 'The version of the decision rules that decided it' }),
  node: Type.String(),
  sequence: Type.Integer(),
  at: TIME,
  caller: Type.String(),
  credential: Type.Optional(Type.String({ description: 'What the caller proved itself with' })),
  environment: Type.Optional(Type.String()),
  commit: Type.Optional(Type.String({ description: 'The git commit that was deployed' })),
  request: Type.Object(
    {
      actor: Type.String(),
      origin: Type.String(),
      proof: Type.String(),
      action: Type.String(),
      resource: Type.String(),
      delegation: Type.Optional(Type.String()),
      claimed_chain: Type.Optional(Type.Array(Type.String())),
      action_properties: Type.Optional(JSON_OBJECT),
      resource_attributes: Type.Optional(JSON_OBJECT),
      open_attributes: Type.Optional(Type.Array(Type.String())),
      context: Type.Optional(JSON_OBJECT),
      asserted: Type.Optional(JSON_OBJECT),
      scope: Type.Optional(Type.String()),
      policy_version: Type.Optional(Type.String()),
      principal_scope: Type.Optional(Type.String()),
      principal_policy_version: Type.Optional(Type.String()),
      sibling_actions: Type.Optional(Type.Array(Type.String())),
      aux_data: Type.Optional(JSON_OBJECT),
    },
    { description: 'Every input that the decision read' },
  ),
  decision: Type.Boolean(),
  enforced: Type.Boolean({ description: 'What was answered; another than the decision only in observe mode' }),
  reason: Type.String(),
  reasons: Type.Array(Type.String()),
  chain: Type.Optional(CHAIN),
  others: Type.Array(CHAIN),
  limit: Type.Optional(Type.String()),
  bundle: Type.String(),
  revision: Type.String(),
  request_id: Type.Optional(Type.String()),
  trace: Type.Optional(Type.String({ description: 'The traceparent of the request (W3C Trace Context)' })),
  latency_us: Type.Integer(),
  search: Type.Optional(Type.String({ description: 'One of the results of a search for this part of the question' })),
  supersedes: Type.Optional(Type.String({ description: 'The record whose allow this one takes back' })),
  redacted: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Paths of what was left out of the request or replaced before it was written',
    }),
  ),
  previous: Type.String(),
  hash: Type.String(),
});

export function recordJson(record: StoredDecision, token: Ledger['token']): object {
  const { decision, requestId, search, supersedes, redacted, credential, environment, commit, trace, epoch } = record;
  const { chain, limit } = decision;
  return {
    id: record.id,
    format: record.format,
    rules: record.rules,
    node: record.node,
    sequence: record.sequence,
    at: rfc3339(record.at),
    caller: record.caller,
    ...(credential === undefined ? undefined : { credential }),
    ...(environment === undefined ? undefined : { environment }),
    ...(commit === undefined ? undefined : { commit }),
    request: inputsJson(record.request),
    decision: decision.allowed,
    enforced: record.enforced,
    reason: decision.reason,
    reasons: decision.reasons,
    ...(chain === undefined ? undefined : { chain: chainJson(chain) }),
    others: decision.others.map(chainJson),
    ...(limit === undefined ? undefined : { limit }),
    bundle: decision.bundle,
    revision: epoch === undefined ? token(decision.revision) : `${epoch}.${decision.revision}`,
    ...(requestId === undefined ? undefined : { request_id: requestId }),
    ...(trace === undefined ? undefined : { trace }),
    latency_us: record.latencyUs,
    ...(search === undefined ? undefined : { search }),
    ...(supersedes === undefined ? undefined : { supersedes }),
    ...(redacted === undefined ? undefined : { redacted }),
    previous: record.previous,
    hash: record.hash,
  };
}

function inputsJson(request: CheckRequest): object {
  return Object.fromEntries(
    REQUEST_NAMES.flatMap(([name, called]) => {
      const value = request[name];
      return value === undefined ? [] : [[called, value]];
    }),
  );
}
