import type { StoredDecision } from '../audit/log.ts';
import { entityParts, pathOf, sentence, type TraceContext, traceContext } from './record-shape.ts';

/** What a record is exported as. */
export type Signal = 'logs' | 'traces';

/** SeverityNumber (opentelemetry-proto, logs.proto). */
const INFO = { number: 9, text: 'INFO' };
const WARN = { number: 13, text: 'WARN' };
/** SpanKind SERVER (trace.proto): the caller's span is the parent, in another process. */
const SPAN_KIND_SERVER = 2;
/** The parent's context is known, and it was (trace.proto, SpanFlags): whether its span is in another process. */
const PARENT_IS_REMOTE = 0x300;

type Value = string | number | boolean | readonly string[];

/**
 * Records as OTLP messages in the JSON encoding (opentelemetry-proto, "JSON Protobuf Encoding": lowerCamelCase names,
 * ids in hexadecimal, 64-bit integers as text, enums as numbers): an `ExportLogsServiceRequest`, one log record for each.
 *
 * @param observedAt milliseconds since 1970: when the records were read for this
 */
export function toOtlpLogs(records: readonly StoredDecision[], observedAt: number): object {
  return {
    resourceLogs: byResource(records).map(({ resource, own }) => ({
      resource,
      scopeLogs: [{ scope: SCOPE, logRecords: own.map((record) => logRecord(record, observedAt)) }],
    })),
  };
}

/**
 * The same as an `ExportTraceServiceRequest`: one span for each decision, from its time on, as long as deciding took. No
 * clock is read for each hop, so hops are attributes, and no spans of their own.
 */
export function toOtlpTraces(records: readonly StoredDecision[]): object {
  return {
    resourceSpans: byResource(records).map(({ resource, own }) => ({
      resource,
      scopeSpans: [{ scope: SCOPE, spans: own.map(span) }],
    })),
  };
}

const SCOPE = { name: 'behalf.decisions' };

/** Records of one node may differ in environment and commit, where it was started anew in between. */
function byResource(
  records: readonly StoredDecision[],
): readonly { readonly resource: object; readonly own: readonly StoredDecision[] }[] {
  const groups = Map.groupBy(records, ({ node, environment = '', commit = '' }) =>
    [node, environment, commit].join('\0'),
  );
  return [...groups.values()].map((own) => ({ resource: { attributes: resourceAttributes(own[0]) }, own }));
}

function resourceAttributes(record: StoredDecision | undefined): readonly object[] {
  return attributes({
    'service.name': 'behalf',
    'service.instance.id': record?.node,
    'deployment.environment.name': record?.environment,
    'vcs.ref.head.revision': record?.commit,
  });
}

function logRecord(record: StoredDecision, observedAt: number): object {
  const severity = record.decision.allowed ? INFO : WARN;
  const { traceId, spanId, context } = idsOf(record);
  return {
    timeUnixNano: nanoseconds(record.at),
    observedTimeUnixNano: nanoseconds(observedAt),
    severityNumber: severity.number,
    severityText: severity.text,
    eventName: 'behalf.decision',
    body: { stringValue: sentence(record).toWellFormed() },
    attributes: decisionAttributes(record),
    ...(context === undefined ? undefined : { flags: context.flags }),
    traceId,
    spanId,
  };
}

function span(record: StoredDecision): object {
  const { traceId, spanId, context } = idsOf(record);
  return {
    traceId,
    spanId,
    ...(context === undefined
      ? undefined
      : { parentSpanId: context.parentId, flags: context.flags | PARENT_IS_REMOTE }),
    name: 'behalf.decide',
    kind: SPAN_KIND_SERVER,
    startTimeUnixNano: nanoseconds(record.at),
    endTimeUnixNano: nanoseconds(record.at, record.latencyUs),
    attributes: decisionAttributes(record),
  };
}

/**
 * The trace that the request came with, and a span of its own in it; without one, a trace of its own. Both from the
 * record's hash, so that whoever gets a record twice can tell.
 */
function idsOf(record: StoredDecision): { traceId: string; spanId: string; context: TraceContext | undefined } {
  const context = traceContext(record);
  return { traceId: context?.traceId ?? record.hash.slice(0, 32), spanId: record.hash.slice(32, 48), context };
}

/**
 * By OpenTelemetry's conventions where there is one (`enduser.id`, `gen_ai.agent.id`, `gen_ai.tool.name`), else below
 * `behalf.`. Attributes and arguments of requests are left out: they belong to the record.
 */
function decisionAttributes(record: StoredDecision): readonly object[] {
  const { request, decision } = record;
  const { principals, delegations } = pathOf(record);
  const resource = entityParts(request.resource);
  return attributes({
    'enduser.id': request.origin,
    'gen_ai.agent.id': entityParts(request.actor).type === 'agent' ? request.actor : undefined,
    'gen_ai.tool.name': resource.type === 'tool' ? resource.name : undefined,
    'behalf.decision.id': record.id,
    'behalf.decision.sequence': record.sequence,
    'behalf.decision.sha256': record.hash,
    'behalf.decision.allowed': decision.allowed,
    'behalf.decision.enforced': record.enforced,
    'behalf.decision.reason': decision.reason,
    'behalf.decision.reasons': decision.reasons,
    'behalf.decision.latency_us': record.latencyUs,
    'behalf.decision.search': record.search,
    'behalf.decision.supersedes': record.supersedes,
    'behalf.caller': record.caller,
    'behalf.credential': record.credential,
    'behalf.actor': request.actor,
    'behalf.origin': request.origin,
    'behalf.origin.proof': request.proof,
    'behalf.action': request.action,
    'behalf.resource': request.resource,
    'behalf.path.principals': principals,
    'behalf.path.delegations': delegations,
    'behalf.path.depth': delegations.length,
    'behalf.limit': decision.limit,
    'behalf.bundle': decision.bundle,
    'behalf.revision': record.epoch === undefined ? `${decision.revision}` : `${record.epoch}.${decision.revision}`,
    'behalf.request_id': record.requestId,
  });
}

function attributes(values: { readonly [key: string]: Value | undefined }): readonly object[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

/** `AnyValue` (common.proto). Protobuf's texts are UTF-8, so without half a character. */
function anyValue(value: Value): object {
  switch (typeof value) {
    case 'string':
      return { stringValue: value.toWellFormed() };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return { intValue: String(value) };
    default:
      return { arrayValue: { values: value.map(anyValue) } };
  }
}

/** A fixed64 of nanoseconds since 1970, as text: a double does not hold it. */
function nanoseconds(ms: number, microseconds = 0): string {
  return String(BigInt(ms) * 1_000_000n + BigInt(microseconds) * 1000n);
}
