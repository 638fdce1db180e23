import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = { readonly [name: string]: unknown };

/** What a receiver answers: nothing (200) or a status, headers and a body. */
export interface OtlpReply {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: object;
}

export interface OtlpReceived {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly message: Json;
}

/**
 * An OTLP/HTTP receiver that takes JSON as the protocol says and nothing else.
 *
 * @param reply what the n-th request (from 0) is answered; undefined: taken
 */
export async function startOtlpReceiver(
  reply: (request: OtlpReceived, n: number) => OtlpReply | undefined = () => undefined,
) {
  const taken: OtlpReceived[] = [];
  let requests = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const received = { path: request.url ?? '', headers: request.headers, message: JSON.parse(body) as Json };
    const answer = reply(received, requests++) ?? {};
    const fault =
      request.method !== 'POST' || request.headers['content-type'] !== 'application/json'
        ? `${request.method} ${request.headers['content-type']}`
        : checkOtlp(received.path, received.message);
    const status = fault === undefined ? (answer.status ?? 200) : 400;
    if (status === 200) taken.push(received);
    response.writeHead(status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(fault === undefined ? (answer.body ?? {}) : { message: fault }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    get requests() {
      return requests;
    },
    /** Every log record or span that was taken. */
    items: (path: '/v1/logs' | '/v1/traces') =>
      taken.filter((one) => one.path === path).flatMap(({ message }) => itemsOf(message)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The log records or spans of a message. */
export function itemsOf(message: Json): readonly Json[] {
  const resources = (message.resourceLogs ?? message.resourceSpans) as readonly Json[];
  return resources
    .flatMap((resource) => (resource.scopeLogs ?? resource.scopeSpans) as readonly Json[])
    .flatMap((scope) => (scope.logRecords ?? scope.spans) as readonly Json[]);
}

/** Attributes as a plain object. */
export function attributesOf(item: Json): { readonly [key: string]: unknown } {
  const plain = (value: Json): unknown => {
    const [[kind, inner] = []] = Object.entries(value);
    return kind === 'arrayValue' ? (inner as { values: Json[] }).values.map(plain) : inner;
  };
  return Object.fromEntries(
    (item.attributes as { key: string; value: Json }[]).map(({ key, value }) => [key, plain(value)]),
  );
}

type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === 'string' && value.isWellFormed();
const hex =
  (digits: number): Check =>
  (value) =>
    new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`, 'i').test(String(value));
const fixed64: Check = (value) => typeof value === 'string' && /^\d{1,20}$/.test(value);
const int64: Check = (value) => typeof value === 'string' && /^-?\d{1,19}$/.test(value);
const uint32: Check = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
const list =
  (of: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(of);
const message =
  (fields: { readonly [name: string]: Check }): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([name, own]) => fields[name]?.(own) === true);
const anyValue: Check = (value) =>
  Object.keys(value as object).length === 1 &&
  message({
    stringValue: text,
    boolValue: (own) => typeof own === 'boolean',
    intValue: int64,
    arrayValue: message({ values: list(anyValue) }),
  })(value);
const attributes: Check = (value) =>
  list(message({ key: text, value: anyValue }))(value) &&
  new Set((value as { key: string }[]).map(({ key }) => key)).size === (value as unknown[]).length;
const resource = message({ attributes });
const scope = message({ name: text, version: text });

/** The fields of opentelemetry-proto (logs.proto, trace.proto, common.proto) that Behalf may use, in its JSON encoding. */
const MESSAGES: { readonly [path: string]: Check } = {
  '/v1/logs': message({
    resourceLogs: list(
      message({
        resource,
        scopeLogs: list(
          message({
            scope,
            logRecords: list(
              message({
                timeUnixNano: fixed64,
                observedTimeUnixNano: fixed64,
                severityNumber: (value) => uint32(value) && Number(value) <= 24,
                severityText: text,
                body: anyValue,
                attributes,
                flags: uint32,
                traceId: hex(32),
                spanId: hex(16),
                eventName: text,
              }),
            ),
          }),
        ),
      }),
    ),
  }),
  '/v1/traces': message({
    resourceSpans: list(
      message({
        resource,
        scopeSpans: list(
          message({
            scope,
            spans: list(
              message({
                traceId: hex(32),
                spanId: hex(16),
                parentSpanId: hex(16),
                flags: uint32,
                name: text,
                kind: (value) => uint32(value) && Number(value) <= 5,
                startTimeUnixNano: fixed64,
                endTimeUnixNano: fixed64,
                attributes,
              }),
            ),
          }),
        ),
      }),
    ),
  }),
};

/** What is wrong with a message that was sent to a path; undefined: nothing. */
export function checkOtlp(path: string, value: unknown): string | undefined {
  const check = MESSAGES[path];
  if (check === undefined) return `there is no ${path}`;
  if (!check(value)) return 'the message is not of the schema';
  return itemsOf(value as Json).length === 0 ? 'an empty envelope' : undefined;
}
