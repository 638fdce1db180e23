import type { StoredDecision } from '../audit/log.ts';
import { idToName, typeToKind } from '../core/cerbos-name.ts';
import type { ValidationError } from '../core/policy/judgement.ts';
import { entityParts, judgedOrigin, pathOf } from './record-shape.ts';

const SOURCES = { principal: 'SOURCE_PRINCIPAL', resource: 'SOURCE_RESOURCE' } as const;
/** What Cerbos attributes an effect to that no policy decided. */
const NO_MATCH = 'NO_MATCH';

/**
 * A record as an entry of Cerbos's decision log (cerbos.audit.v1, `DecisionLogEntry`, in the JSON of its file backend),
 * for tools that read that one.
 *
 * Each record is a call of its own with one resource and one action, and its id is the `callId`. The principal is the
 * origin, whose permission Cerbos's policies are about. That shape has no place for whoever acts on its behalf: they
 * stand in `metadata`, below `behalf-…`. The effect is what was decided; `behalf-enforced` is there where another thing
 * was answered. What a record does not hold is left out: the peer's address, and where policies were loaded from.
 */
export function toCerbos(record: StoredDecision): object {
  const { request, decision } = record;
  const origin = judgedOrigin(record);
  const principal = entityParts(request.origin);
  const resource = entityParts(request.resource);
  const requestId = record.requestId === undefined ? undefined : { requestId: record.requestId };
  const answer = origin?.policy;
  const policy = decidedBy(record);
  const scope = answer?.scope ?? '';
  const resourceId = idToName(resource.name);
  return {
    'log.logger': 'behalf.audit',
    'log.kind': 'decision',
    callId: record.id,
    timestamp: new Date(record.at).toISOString(),
    checkResources: {
      inputs: [
        {
          ...requestId,
          principal: {
            id: idToName(principal.name),
            roles: origin?.roles ?? request.asserted?.origin?.roles ?? [],
            ...some('attr', request.asserted?.origin?.attributes),
            ...some('policyVersion', request.principalPolicyVersion ?? request.policyVersion),
            ...some('scope', request.principalScope ?? request.scope),
          },
          resource: {
            kind: typeToKind(resource.type),
            id: resourceId,
            ...some('attr', request.resourceAttributes),
            ...some('policyVersion', request.policyVersion),
            ...some('scope', request.scope),
          },
          actions: [request.action],
          ...some('auxData', request.auxData),
        },
      ],
      outputs: [
        {
          ...requestId,
          resourceId,
          actions: {
            [request.action]: {
              effect: decision.allowed ? 'EFFECT_ALLOW' : 'EFFECT_DENY',
              policy,
              ...(scope === '' ? undefined : { scope }),
            },
          },
          ...some('effectiveDerivedRoles', answer?.derivedRoles),
          ...some('validationErrors', answer?.validationErrors?.map(validationError)),
          ...some(
            'outputs',
            answer?.outputs?.map(({ src, val, error }) => ({
              src,
              action: request.action,
              ...(error === undefined ? { val } : { error }),
            })),
          ),
        },
      ],
    },
    metadata: metadata(record),
    ...(policy === NO_MATCH
      ? undefined
      : { auditTrail: { effectivePolicies: { [policy]: { attributes: { bundle: decision.bundle } } } } }),
  };
}

/** The policy that allowed or forbade: on a deny that of whoever on the path was forbidden first. */
function decidedBy(record: StoredDecision): string {
  const origin = judgedOrigin(record);
  if (record.decision.allowed && origin?.entitlement?.by !== 'policy') return NO_MATCH;
  for (const step of record.decision.allowed ? [] : (record.decision.chain?.steps ?? [])) {
    if (step.kind === 'principal' && step.prohibitions[0] !== undefined) return step.prohibitions[0].policy;
  }
  return origin?.policy?.policy ?? NO_MATCH;
}

function validationError({ source, path, message }: ValidationError): object {
  return { path, message, source: SOURCES[source] };
}

/** `metadata` of a Cerbos entry: lists of texts by name. */
function metadata(record: StoredDecision): { readonly [name: string]: { readonly values: readonly string[] } } {
  const { request, decision, enforced, trace } = record;
  const { principals, delegations } = pathOf(record);
  const entries: readonly (readonly [string, readonly string[]])[] = [
    ['behalf-actor', [request.actor]],
    ['behalf-origin', [request.origin]],
    ['behalf-proof', [request.proof]],
    ['behalf-caller', [record.caller]],
    ['behalf-path', principals],
    ['behalf-delegations', delegations],
    ['behalf-reasons', decision.reasons],
    ['behalf-enforced', enforced === decision.allowed ? [] : [String(enforced)]],
    ['behalf-revision', [record.epoch === undefined ? `${decision.revision}` : `${record.epoch}.${decision.revision}`]],
    ['traceparent', trace === undefined ? [] : [trace]],
  ];
  return Object.fromEntries(entries.flatMap(([name, values]) => (values.length === 0 ? [] : [[name, { values }]])));
}

/** A member, where there is something in it: Protobuf's JSON leaves the rest out. */
function some(name: string, value: object | string | undefined): object | undefined {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return undefined;
  return { [name]: value };
}
