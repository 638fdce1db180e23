import { expect } from 'vitest';

/** An MCP endpoint as it is spoken to byte by byte. */
export interface Endpoint {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
}

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

export function request(id: string | number, method: string, params: object = {}): object {
  return { jsonrpc: '2.0', id, method, params };
}

export function call(id: string | number, name: string, args: object = {}): object {
  return request(id, 'tools/call', { name, arguments: args });
}

/** A text is sent as it is, anything else as JSON. */
export function post({ url, headers }: Endpoint, message: unknown, more: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
    ...more,
  });
}

/** Begins a session: the endpoint with the headers that its next messages need. */
export async function open(endpoint: Endpoint): Promise<Endpoint & { readonly session: string }> {
  const answer = await post(endpoint, INITIALIZE);
  expect(answer.status, await answer.text()).toBe(200);
  const session = answer.headers.get('mcp-session-id') ?? '';
  const headers = { ...endpoint.headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
  const ready = await post({ ...endpoint, headers }, { jsonrpc: '2.0', method: 'notifications/initialized' });
  expect(ready.status).toBe(202);
  return { ...endpoint, headers, session };
}

/** The `data` of the events in a stream, except empty ones, in their own bytes. */
export function dataOf(stream: string): readonly string[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: ')
    .map((line) => line.slice(6));
}

/** The one message that answers a request, be it JSON or a stream. */
export async function answerOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/json')) return text;
  return dataOf(text).at(-1) ?? '';
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export async function ask(endpoint: Endpoint, message: object): Promise<any> {
  return JSON.parse(await answerOf(await post(endpoint, message)));
}
