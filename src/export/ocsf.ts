import type { StoredDecision } from '../audit/log.ts';
import { entityParts, pathOf, sentence, traceContext } from './record-shape.ts';

/** The version of the Open Cybersecurity Schema Framework that events follow. */
const OCSF_VERSION = '1.3.0';
const CATEGORY = { uid: 6, name: 'Application Activity' };
const CLASS = { uid: 6003, name: 'API Activity' };
/** The activities that the class names, by the actions that are called so; every other action is 99, Other. */
const ACTIVITIES: ReadonlyMap<string, { readonly id: number; readonly name: string }> = new Map([
  ['create', { id: 1, name: 'Create' }],
  ['read', { id: 2, name: 'Read' }],
  ['update', { id: 3, name: 'Update' }],
  ['delete', { id: 4, name: 'Delete' }],
]);
const OTHER_ACTIVITY = 99;

/**
 * A record as an OCSF event of the class API Activity (6003) with the profile Security Control.
 *
 * Not Authorize Session (3003): that is about the privileges, groups or roles that a session gets when somebody logs on,
 * of which it demands at least one, and has nothing that was asked for and denied. A decision is about one operation on
 * one resource, whoever asks for it, and its outcome: API Activity has the actor, the operation, the resource, and by
 * the profile what a control made of it (allowed or denied) and by which policy.
 *
 * `actor.user` is the origin, `actor.app_uid` the agent that acts on its behalf. The source is the enforcement point
 * that asked. What the class has no attribute for is in `unmapped`.
 */
export function toOcsf(record: StoredDecision): object {
  const { request, decision, enforced } = record;
  const activity = ACTIVITIES.get(request.action);
  const activityId = activity?.id ?? OTHER_ACTIVITY;
  const activityName = activity?.name ?? request.action;
  const { type, name } = entityParts(request.resource);
  const policy = { uid: decision.bundle, name: 'bundle' };
  const verdict = decision.allowed ? 'Allowed' : 'Denied';
  return {
    activity_id: activityId,
    activity_name: activityName,
    category_uid: CATEGORY.uid,
    category_name: CATEGORY.name,
    class_uid: CLASS.uid,
    class_name: CLASS.name,
    type_uid: CLASS.uid * 100 + activityId,
    type_name: `${CLASS.name}: ${activity === undefined ? 'Other' : activityName}`,
    time: record.at,
    severity_id: decision.allowed ? 1 : 2,
    severity: decision.allowed ? 'Informational' : 'Low',
    status_id: enforced ? 1 : 2,
    status: enforced ? 'Success' : 'Failure',
    status_code: decision.reason,
    status_detail: decision.reasons.join(', '),
    message: sentence(record),
    metadata: metadata(record),
    actor: actor(record, { decision: verdict, policy }),
    api: {
      operation: request.action,
      service: { name: type },
      ...(record.requestId === undefined ? undefined : { request: { uid: record.requestId } }),
    },
    src_endpoint: { uid: record.caller, svc_name: record.caller },
    resources: [{ uid: request.resource, name, type }],
    ...outcome(decision.allowed, enforced),
    policy,
    unmapped: unmapped(record),
  };
}

function metadata(record: StoredDecision): object {
  const correlation = traceContext(record)?.traceId ?? record.requestId;
  return {
    version: OCSF_VERSION,
    profiles: ['security_control'],
    product: { name: 'Behalf', vendor_name: 'Behalf' },
    uid: record.id,
    sequence: record.sequence,
    log_name: 'decisions',
    log_provider: record.node,
    log_version: String(record.format),
    ...(correlation === undefined ? undefined : { correlation_uid: correlation }),
    ...(record.environment === undefined ? undefined : { labels: [`environment:${record.environment}`] }),
  };
}

function actor(record: StoredDecision, authorization: object): object {
  const { request } = record;
  const user = entityParts(request.origin);
  const session = record.decision.chain?.steps.find((step) => step.kind === 'edge' && step.activation !== undefined);
  return {
    user: {
      uid: request.origin,
      name: user.name,
      type: user.type === 'user' ? 'User' : user.type,
      type_id: user.type === 'user' ? 1 : 99,
    },
    ...(request.actor === request.origin
      ? undefined
      : { app_uid: request.actor, app_name: entityParts(request.actor).name }),
    ...(session?.kind === 'edge' ? { session: { uid: session.activation } } : undefined),
    authorizations: [authorization],
  };
}

/** What the profile Security Control says of it: a denial that was only observed was logged, and let through. */
function outcome(allowed: boolean, enforced: boolean): object {
  const action = enforced ? { action_id: 1, action: 'Allowed' } : { action_id: 2, action: 'Denied' };
  if (enforced && !allowed) return { ...action, disposition_id: 17, disposition: 'Logged' };
  return enforced
    ? { ...action, disposition_id: 1, disposition: 'Allowed' }
    : { ...action, disposition_id: 2, disposition: 'Blocked' };
}

function unmapped(record: StoredDecision): object {
  const { request, decision } = record;
  const { principals, delegations } = pathOf(record);
  const { actor: _actor, origin: _origin, action: _action, resource: _resource, ...inputs } = request;
  return {
    ...inputs,
    decision: decision.allowed,
    enforced: record.enforced,
    reasons: decision.reasons,
    path: principals,
    delegations,
    revision: record.epoch === undefined ? `${decision.revision}` : `${record.epoch}.${decision.revision}`,
    latency_us: record.latencyUs,
    ...(decision.limit === undefined ? undefined : { limit: decision.limit }),
    ...(record.credential === undefined ? undefined : { credential: record.credential }),
    ...(record.commit === undefined ? undefined : { commit: record.commit }),
    ...(record.search === undefined ? undefined : { search: record.search }),
    ...(record.supersedes === undefined ? undefined : { supersedes: record.supersedes }),
    ...(record.trace === undefined ? undefined : { traceparent: record.trace }),
    previous: record.previous,
    sha256: record.hash,
  };
}
