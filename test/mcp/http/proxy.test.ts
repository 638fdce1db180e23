import { Client as ClientOf2026, StreamableHTTPClientTransport as TransportOf2026 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpProxy } from '../../../src/mcp/http/proxy-options.ts';
import { type Everything, startEverything } from '../everything.ts';
import { type Gateway, openGateway } from '../gateway.ts';
import { answerOf, ask, call, dataOf, type Endpoint, open, post, request } from '../raw-mcp.ts';

let gateway: Gateway;
let everything: Everything;
let proxy: HttpProxy;

beforeAll(async () => {
  [gateway, everything] = await Promise.all([openGateway(), startEverything()]);
  proxy = await gateway.proxy({ upstream: everything.url });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await everything[Symbol.asyncDispose]();
});

function bearer(token: string): { readonly [name: string]: string } {
  return { authorization: `Bearer ${token}` };
}

const helper = (): Endpoint => ({ url: proxy.url, headers: bearer(gateway.keys.helper) });
const reader = (): Endpoint => ({ url: proxy.url, headers: bearer(gateway.keys.reader) });
const direct = (): Endpoint => ({ url: everything.url, headers: {} });

/** The official client of the revisions with sessions; answers samplings with "sampled". */
async function connect(token: string): Promise<{
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  readonly sampled: unknown[];
}> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
  const sampled: unknown[] = [];
  client.setRequestHandler(CreateMessageRequestSchema, async ({ params }) => {
    sampled.push(params);
    return { model: 'none', role: 'assistant', content: { type: 'text', text: 'sampled' } };
  });
  const transport = new StreamableHTTPClientTransport(new URL(proxy.url), { requestInit: { headers: bearer(token) } });
  await client.connect(transport as Parameters<Client['connect']>[0]);
  return { client, transport, sampled };
}

test('an agent that may use everything gets everything', async () => {
  const { client, transport, sampled } = await connect(gateway.keys.helper);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'get-env', 'get-sum']));
  const sum = await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } });
  expect(JSON.stringify(sum.content)).toContain('5');
  expect((await client.listResources()).resources.length).toBeGreaterThan(0);
  expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
  const asked = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'x' } });
  expect(JSON.stringify(asked.content)).toContain('sampled');
  expect(sampled).toHaveLength(1);
  await transport.terminateSession();
  await client.close();
});

test('an agent that may use little sees little, calls little, and is asked nothing', async () => {
  const { client, transport, sampled } = await connect(gateway.keys.reader);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['echo', 'trigger-sampling-request']);
  expect((await client.listResources()).resources).toEqual([]);
  const echoed = await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
  expect(JSON.stringify(echoed.content)).toContain('hello');
  await expect(client.callTool({ name: 'get-env', arguments: {} })).rejects.toMatchObject({
    code: -32001,
    data: { reason: 'denied', decision: expect.stringMatching(/^d_/) },
  });
  // The server is told that its request is denied, so the call ends.
  const asked = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'x' } });
  expect(asked.isError).toBe(true);
  expect(JSON.stringify(asked.content)).toContain('denied');
  expect(sampled).toEqual([]);
  await transport.terminateSession();
  await client.close();
});

test('the client of the next generation gets along', async () => {
  const client = new ClientOf2026({ name: 'test', version: '1' });
  const headers = bearer(await gateway.token('reader-app'));
  await client.connect(new TransportOf2026(new URL(proxy.url), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['echo']);
  const echoed = await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
  expect(JSON.stringify(echoed.content)).toContain('hello');
  await expect(client.callTool({ name: 'get-env', arguments: {} })).rejects.toMatchObject({ code: -32001 });
  await client.close();
});

test('every decision is recorded for the agent and the person', async () => {
  const session = await open({ url: proxy.url, headers: bearer(await gateway.token('reader-app')) });
  const { error } = await ask(session, call(7, 'get-sum', { a: 1, b: 2 }));
  const record = await gateway.behalf.ask('GET', `/v1/decisions/${error.data.decision}`, { key: gateway.admin });
  expect(record.json).toMatchObject({
    request: {
      actor: 'agent:reader',
      origin: 'user:alice',
      proof: 'vouched',
      action: 'call',
      resource: 'tool:every/get-sum',
    },
    decision: false,
    request_id: '7',
  });
});

test('what is allowed is the server’s bytes', async () => {
  const [through, past] = [await open(helper()), await open(direct())];
  for (const message of [
    request(1, 'tools/list'),
    request('zwei', 'resources/list'),
    request(3, 'prompts/list'),
    call(4, 'echo', { message: 'grüße \u2028 😀' }),
    call(5, 'get-tiny-image'),
    call(6, 'get-structured-content', { location: 'Chicago' }),
    call(7, 'no-such-tool'),
    request(8, 'prompts/get', { name: 'simple-prompt' }),
    request(9, 'resources/read', { uri: 'demo://resource/static/document/features.md' }),
    call(10, 'echo', { message: 'x'.repeat(600_000) }),
  ]) {
    const [one, other] = [await post(through, message), await post(past, message)];
    expect(one.status).toBe(other.status);
    expect(one.headers.get('content-type')).toBe(other.headers.get('content-type'));
    const [passed, said] = [await answerOf(one), await answerOf(other)];
    // What a structured tool says of the weather is not the same twice.
    if (!JSON.stringify(message).includes('Chicago')) expect(passed).toBe(said);
    expect(passed.length).toBeGreaterThan(10);
  }
});

test('fifty calls at once are answered each with its own', async () => {
  const session = await open(helper());
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => ask(session, call(index, 'echo', { message: `number ${index}` }))),
  );
  for (const [index, { id, result }] of answers.entries()) {
    expect(id).toBe(index);
    expect(result.content[0].text).toBe(`Echo: number ${index}`);
  }
});

test('a session serves nobody but the sender that opened it', async () => {
  const session = await open(helper());
  const stolen = { ...session, headers: { ...session.headers, ...bearer(gateway.keys.reader) } };
  const unknown = await post(stolen, call(1, 'echo', { message: 'x' }));
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({ id: null, error: { message: 'Session not found' } });
  for (const method of ['GET', 'DELETE']) {
    const headers = { ...stolen.headers, accept: 'text/event-stream' };
    expect((await fetch(stolen.url, { method, headers })).status).toBe(404);
  }
  const withToken = { ...session, headers: { ...session.headers, ...bearer(await gateway.token('helper-app')) } };
  expect((await post(withToken, call(2, 'echo', { message: 'x' }))).status).toBe(404);
  expect((await ask(session, call(3, 'echo', { message: 'mine' }))).result.content[0].text).toBe('Echo: mine');
});

test('after a restart of the proxy a session is the first sender’s who uses it; with a fresh token too', async () => {
  const first = { url: proxy.url, headers: bearer(await gateway.token('helper-app')) };
  const session = await open(first);
  const restarted = await gateway.proxy({ upstream: everything.url });
  const again = { ...session, url: restarted.url };
  const renewed = {
    ...again,
    headers: { ...again.headers, ...bearer(await gateway.token('helper-app', { jti: 'next' })) },
  };
  expect((await ask(again, call(1, 'echo', { message: 'x' }))).result).toBeDefined();
  const stolen = { ...again, headers: { ...again.headers, ...bearer(gateway.keys.reader) } };
  expect((await post(stolen, call(2, 'echo', { message: 'x' }))).status).toBe(404);
  expect((await ask(renewed, call(3, 'echo', { message: 'x' }))).result).toBeDefined();
});

test('a session id that the server does not know is nobody’s', async () => {
  const headers = { ...helper().headers, 'mcp-session-id': 'made-up' };
  expect((await post({ url: proxy.url, headers }, request(1, 'tools/list'))).status).toBe(400);
  const other = { ...reader().headers, 'mcp-session-id': 'made-up' };
  expect((await post({ url: proxy.url, headers: other }, request(1, 'tools/list'))).status).toBe(400);
});

test('what is revoked in the middle of a session is gone with the next call', async () => {
  const made = await gateway.behalf.ask('POST', '/v1/delegations', {
    key: gateway.admin,
    body: {
      from: 'user:alice',
      to: 'agent:reader',
      capabilities: [{ actions: ['call'], resources: ['tool:every/get-sum'] }],
    },
  });
  const session = await open(reader());
  expect((await ask(session, call(1, 'get-sum', { a: 1, b: 2 }))).result).toBeDefined();
  const { id } = made.json.delegation;
  await gateway.behalf.ask('POST', `/v1/delegations/${id}/revoke`, { key: gateway.admin, body: { reason: 'over' } });
  expect((await ask(session, call(2, 'get-sum', { a: 1, b: 2 }))).error.code).toBe(-32001);
  const { result } = await ask(session, request(3, 'tools/list'));
  expect(result.tools.map(({ name }: { name: string }) => name)).not.toContain('get-sum');
});

test('a stream that was cut is resumed where it was', async () => {
  const session = await open(helper());
  const cut = new AbortController();
  const long = request('long', 'tools/call', {
    name: 'trigger-long-running-operation',
    arguments: { duration: 0.6, steps: 3 },
    _meta: { progressToken: 'p' },
  });
  const answer = await post(session, long, { signal: cut.signal });
  const stream = answer.body?.getReader();
  const seen = new TextDecoder().decode((await stream?.read())?.value);
  cut.abort();
  const id = /^id: (.*)$/m.exec(seen)?.[1] ?? '';
  expect(id).not.toBe('');
  await new Promise((resolve) => setTimeout(resolve, 900));
  const headers = { ...session.headers, accept: 'text/event-stream', 'last-event-id': id };
  const resumed = await fetch(session.url, { headers });
  expect(resumed.headers.get('content-type')).toBe('text/event-stream');
  let replayed = '';
  for await (const chunk of resumed.body ?? []) {
    replayed += new TextDecoder().decode(chunk);
    if (replayed.includes('"result"')) break;
  }
  expect(dataOf(replayed).at(-1)).toContain('"id":"long"');
});

test('a list that was asked for before the cut is filtered when it is replayed', async () => {
  const session = await open(reader());
  const first = await post(session, request('list', 'tools/list'));
  const stream = await first.text();
  const id = /^id: (.*)$/m.exec(stream)?.[1] ?? '';
  const headers = { ...session.headers, accept: 'text/event-stream', 'last-event-id': id };
  const resumed = await fetch(session.url, { headers });
  let replayed = '';
  for await (const chunk of resumed.body ?? []) {
    replayed += new TextDecoder().decode(chunk);
    if (replayed.includes('"result"')) break;
  }
  expect(replayed).toContain('"echo"');
  expect(replayed).not.toContain('get-env');
});

test('a server that is gone is told as such, and one that is back is found', async () => {
  const port = Number(new URL(everything.url).port);
  const session = await open(helper());
  await everything[Symbol.asyncDispose]();
  const refused = await post(session, call(1, 'echo', { message: 'x' }));
  // Its tools cannot be listed, so the call cannot be decided.
  expect(await refused.json()).toMatchObject({ id: 1, error: { code: -32603 } });
  const ping = await post(session, request(2, 'ping'));
  expect(ping.status).toBe(502);
  expect(await ping.json()).toMatchObject({ id: 2, error: { code: -32603 } });
  everything = await startEverything(port);
  const lost = await post(session, request(3, 'ping'));
  expect(lost.status).toBe(400);
  expect((await ask(await open(helper()), call(1, 'echo', { message: 'x' }))).result).toBeDefined();
});
