import { expect, test } from 'vitest';
import { toOtlpLogs, toOtlpTraces } from '../../src/export/otlp.ts';
import { attributesOf, checkOtlp, itemsOf } from '../support/otlp-receiver.ts';
import { storedDecision } from '../support/stored-decision.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const first = (message: object) => itemsOf(message as { [name: string]: unknown })[0] ?? {};

test('a record is a log record in the trace that its request came with', () => {
  const record = storedDecision({
    trace: TRACE,
    requestId: 'r-1',
    environment: 'prod',
    commit: 'abcdef1',
    latencyUs: 120,
  });
  const message = toOtlpLogs([record], 1_760_000_000_500);
  expect(checkOtlp('/v1/logs', JSON.parse(JSON.stringify(message)))).toBeUndefined();
  const log = first(message);
  expect(log).toMatchObject({
    timeUnixNano: '1760000000000000000',
    observedTimeUnixNano: '1760000000500000000',
    severityNumber: 9,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    flags: 1,
    body: { stringValue: 'agent:assistant on behalf of user:alice: call tool:github/create_issue: allowed' },
  });
  expect(attributesOf(log)).toMatchObject({
    'enduser.id': 'user:alice',
    'gen_ai.agent.id': 'agent:assistant',
    'gen_ai.tool.name': 'github/create_issue',
    'behalf.decision.id': record.id,
    'behalf.decision.allowed': true,
    'behalf.decision.latency_us': '120',
    'behalf.path.delegations': ['dg_1'],
    'behalf.request_id': 'r-1',
  });
  expect(message).toMatchObject({
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'behalf' } },
            { key: 'service.instance.id', value: { stringValue: 'test' } },
            { key: 'deployment.environment.name', value: { stringValue: 'prod' } },
            { key: 'vcs.ref.head.revision', value: { stringValue: 'abcdef1' } },
          ],
        },
      },
    ],
  });
});

test('a record is a span below that of its caller, as long as deciding took', () => {
  const message = toOtlpTraces([storedDecision({ trace: TRACE, latencyUs: 1234 })]);
  expect(checkOtlp('/v1/traces', JSON.parse(JSON.stringify(message)))).toBeUndefined();
  expect(first(message)).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
    spanId: '0123456789abcdef',
    flags: 0x301,
    kind: 2,
    startTimeUnixNano: '1760000000000000000',
    endTimeUnixNano: '1760000000001234000',
  });
});

test('without a trace of the caller it has one of its own, the same each time it is exported', () => {
  const span = first(toOtlpTraces([storedDecision()]));
  expect(span).toMatchObject({ traceId: '0123456789abcdef'.repeat(2), spanId: '0123456789abcdef' });
  expect(span).not.toHaveProperty('parentSpanId');
  expect(first(toOtlpLogs([storedDecision()], 0))).toMatchObject({ traceId: span.traceId, spanId: span.spanId });
});

test('records of several starts of a node are told apart, and a denial is a warning', () => {
  const denied = storedDecision({ decision: { allowed: false, reason: 'revoked', reasons: ['revoked'] } });
  const message = toOtlpLogs([denied, storedDecision({ environment: 'prod' }), denied], 0);
  expect(checkOtlp('/v1/logs', message)).toBeUndefined();
  expect((message as { resourceLogs: unknown[] }).resourceLogs).toHaveLength(2);
  expect(first(message)).toMatchObject({ severityNumber: 13, severityText: 'WARN' });
});

test('half a character never gets into Protobuf', () => {
  const record = storedDecision({ request: { action: 'a\ud800b' } });
  expect(checkOtlp('/v1/logs', toOtlpLogs([record], 0))).toBeUndefined();
});
