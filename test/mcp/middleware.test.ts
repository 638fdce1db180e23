import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Transport as TransportV2 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  CreateMessageRequestSchema,
  type JSONRPCMessage,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  type Tool,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { Behalf } from '../../src/client/client.ts';
import type { Question } from '../../src/client/types.ts';
import type { DecisionPoint } from '../../src/mcp/decision-point.ts';
import {
  guard,
  type MessageExtra,
  type MiddlewareOptions,
  type Sender,
  senderOfAuthInfo,
} from '../../src/mcp/middleware.ts';
import { type Gateway, openGateway } from './gateway.ts';

const ALICE: Sender = { asks: { actor: 'agent:helper', on_behalf_of: 'user:alice' }, token: { sub: 'alice' } };

const TOOLS: readonly Tool[] = [
  { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } },
  { name: 'pay', inputSchema: { type: 'object', properties: { amount: { type: 'number' } } } },
  { name: 'ask-the-model', inputSchema: { type: 'object' } },
];

/** A server of an application, and which of its handlers were reached, with what. */
function makeServer(reached: string[] = []) {
  const tools = [...TOOLS];
  const server = new Server(
    { name: 'app', version: '1' },
    { capabilities: { tools: { listChanged: true }, resources: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args = {} } }) => {
    reached.push(`${name} ${Object.values(args).join()}`);
    if (name !== 'ask-the-model') return { content: [{ type: 'text', text: `${args.message}` }] };
    const { content } = await server.createMessage({
      messages: [{ role: 'user', content: { type: 'text', text: 'well?' } }],
      maxTokens: 5,
    });
    return { content: [{ type: 'text', text: JSON.stringify(content) }] };
  });
  const notes = { uri: 'app://notes', name: 'notes' };
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [notes], nextCursor: undefined }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    reached.push(`read ${uri}`);
    return { contents: [{ uri, text: 'notes' }] };
  });
  return { server, reached, tools };
}

/** Decides by a function, and says what it was asked. */
function pointOf(allows: (question: Question) => boolean | 'depends') {
  const asked: Question[] = [];
  const point: DecisionPoint = {
    decide: async (questions) => {
      asked.push(...questions);
      return questions.map((question) => {
        const answer = allows(question);
        const reason = answer === 'depends' ? 'depends' : answer ? 'allowed' : 'denied';
        return { decision: answer === true, id: `d_${asked.length}`, reason, revision: 'r.1' };
      });
    },
  };
  return { point, asked };
}

async function connect(options: Partial<MiddlewareOptions> & Pick<MiddlewareOptions, 'behalf'>) {
  const { server, reached, tools } = makeServer();
  const logged: string[] = [];
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(
    guard(serverSide, { server: 'app', sender: ALICE, log: (text) => logged.push(text), ...options }),
  );
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'sampled!' },
  }));
  await client.connect(clientSide);
  return { client, server, tools, reached, logged, clientSide };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it passed',
    (fault: { code?: unknown }) => fault.code,
  );

test('what is denied never reaches the handler; what is allowed comes back as without', async () => {
  const { point, asked } = pointOf(({ resource }) => resource === 'tool:app/echo');
  const { client, reached } = await connect({ behalf: point });
  expect(await client.callTool({ name: 'echo', arguments: { message: 'grüße' } })).toEqual({
    content: [{ type: 'text', text: 'grüße' }],
  });
  const denied = client.callTool({ name: 'pay', arguments: { amount: 5 } });
  await expect(denied).rejects.toMatchObject({ code: -32001, data: { reason: 'denied' } });
  expect(await codeOf(client.readResource({ uri: 'app://notes' }))).toBe(-32001);
  expect(reached).toEqual(['echo grüße']);
  expect(asked.at(-2)).toMatchObject({
    actor: 'agent:helper',
    on_behalf_of: 'user:alice',
    action: 'call',
    resource: 'tool:app/pay',
    properties: { args: { amount: 5 }, definition: expect.stringMatching(/^sha256:/) },
  });
});

test('lists show what may be used, and what depends on the arguments', async () => {
  const { point } = pointOf(({ resource, open_attributes: open }) => {
    if (resource === 'tool:app/pay') return open === undefined ? false : 'depends';
    return resource === 'tool:app/echo';
  });
  const { client } = await connect({ behalf: point });
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'pay']);
  expect((await client.listResources()).resources).toEqual([]);
});

test('the definition that is asked about is the one that is listed at that moment', async () => {
  const { point, asked } = pointOf(() => true);
  const { client, server, tools } = await connect({ behalf: point });
  const changed = new Promise<void>((resolve) =>
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve()),
  );
  const digest = () => asked.at(-1)?.properties?.definition;
  const call = () => client.callTool({ name: 'echo', arguments: { message: 'x' } });
  await call();
  const before = digest();
  tools.splice(0, 1, { ...TOOLS[0], description: 'not so harmless' } as Tool);
  await server.sendToolListChanged();
  await changed;
  await call();
  expect(before).toMatch(/^sha256:/);
  expect(digest()).toMatch(/^sha256:/);
  expect(digest()).not.toBe(before);
});

test('what the server asks is decided too', async () => {
  let mayBeSampled = true;
  const { point } = pointOf(({ action }) => action !== 'sample' || mayBeSampled);
  const { client } = await connect({ behalf: point });
  const ask = () => client.callTool({ name: 'ask-the-model' });
  expect(JSON.stringify(await ask())).toContain('sampled!');
  mayBeSampled = false;
  // The server's handler is told that it is denied, and hands that on as its own error.
  await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining('denied') });
});

test('a decision point out of reach, a fault in the answer: never a pass', async () => {
  const behalf = new Behalf({ url: 'http://127.0.0.1:9', key: 'bhf.none' });
  const { client, reached, logged } = await connect({ behalf });
  expect(await codeOf(client.callTool({ name: 'echo', arguments: { message: 'x' } }))).toBe(-32603);
  expect(await codeOf(client.listTools())).toBe(-32603);
  expect(reached).toEqual([]);
  expect(logged.join()).toContain('not decided');
});

test('what is no message of MCP, or none that can be decided, does not reach the server', async () => {
  const { point } = pointOf(() => true);
  const { client, reached, clientSide } = await connect({ behalf: point });
  const answers: unknown[] = [];
  const { onmessage } = clientSide;
  clientSide.onmessage = (message, extra) => {
    answers.push(message);
    onmessage?.(message, extra);
  };
  const send = (message: object) => clientSide.send(message as JSONRPCMessage);
  const params = { name: 'echo', arguments: { message: 'x' } };
  await send({ jsonrpc: '2.0', id: 'a', method: 'tools/call', params, more: 1 });
  await send({ jsonrpc: '2.0', id: 'behalf:1', method: 'tools/call', params });
  await send({ jsonrpc: '2.0', id: 'b', method: 'tools/unheard_of', params: {} });
  await send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { ...params, Name: 'pay' } });
  await send({ jsonrpc: '2.0', method: 'tools/call', params });
  await send([{ jsonrpc: '2.0', id: 'd', method: 'tools/call', params }]);
  await client.ping();
  const codes = answers.flatMap((answer) => {
    const { id, error } = answer as { id?: unknown; error?: { code: number } };
    return error === undefined ? [] : [`${id} ${error.code}`];
  });
  expect(codes).toEqual(['a -32600', 'behalf:1 -32600', 'b -32001', 'c -32600']);
  expect(reached).toEqual([]);
});

test('messages keep their order, however long each one takes to decide', async () => {
  let first = true;
  const point: DecisionPoint = {
    decide: async (questions) => {
      if (first) {
        first = false;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      return questions.map(() => ({ decision: true, id: 'd_1', reason: 'allowed', revision: 'r.1' }));
    },
  };
  const { client, reached } = await connect({ behalf: point });
  const echo = (message: string) => client.callTool({ name: 'echo', arguments: { message } });
  await Promise.all([echo('1'), echo('2'), echo('3')]);
  expect(reached).toEqual(['echo 1', 'echo 2', 'echo 3']);
});

test('the end of a connection is passed on in both directions, to the application too', async () => {
  const { point } = pointOf(() => true);
  const { server } = makeServer();
  const heard: string[] = [];
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  serverSide.onclose = () => heard.push('application');
  server.onclose = () => heard.push('server');
  await server.connect(guard(serverSide, { server: 'app', behalf: point, sender: ALICE }));
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(clientSide);
  await client.close();
  expect(heard).toEqual(['application', 'server']);
});

test('transports of either version of the SDK fit', () => {
  const { point } = pointOf(() => true);
  const options: MiddlewareOptions = { server: 'app', behalf: point, sender: ALICE };
  const v1 = (transport: Transport): Transport => guard(transport, options);
  const v2 = (transport: TransportV2): TransportV2 => guard(transport, options);
  const versions: string[][] = [];
  const bare = { start: async () => {}, send: async () => {}, close: async () => {} };
  const newer = {
    ...bare,
    hasPerRequestStream: true,
    setSupportedProtocolVersions: (all: string[]) => versions.push(all),
  };
  const guarded = v2(newer);
  guarded.setSupportedProtocolVersions?.(['2026-07-28']);
  expect(versions).toEqual([['2026-07-28']]);
  expect(guarded.hasPerRequestStream).toBe(true);
  expect(v1(bare).setProtocolVersion).toBeUndefined();
});

/** The application's server over Streamable HTTP, as its SDK documents it; the token says who it is in plain text. */
async function serve(gateway: Gateway, sender: MiddlewareOptions['sender']) {
  const key = gateway.behalf.key({
    id: 'app',
    roles: ['check'],
    actors: ['agent:*'],
    origins: ['user:*'],
    vouches: ['user:*'],
    agents: { 'helper-app': 'agent:helper', 'reader-app': 'agent:reader' },
  });
  const behalf = new Behalf({ url: gateway.url, key });
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const reached: string[] = [];
  const http = createServer(async (request: IncomingMessage & { auth?: AuthInfo }, response) => {
    const [clientId = '', sub = ''] = (request.headers.authorization ?? '').replace('Bearer ', '').split('/');
    if (sub !== '') request.auth = { token: 't', clientId, scopes: [], extra: { sub } };
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known !== undefined) return known.handleRequest(request, response);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    const { server } = makeServer(reached);
    await server.connect(guard(transport as Transport, { server: 'every', behalf, sender }));
    await transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  const open = async (token: string) => {
    const client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant',
      content: { type: 'text', text: 'sampled!' },
    }));
    const transport = new StreamableHTTPClientTransport(url, {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
    await client.connect(transport as Transport);
    return { client, transport };
  };
  const close = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { url, open, reached, [Symbol.asyncDispose]: close };
}

const byToken = (extra: MessageExtra | undefined) => senderOfAuthInfo(extra?.authInfo);

test('over HTTP the verified token says who it is; revoking denies the next call of an open session', async () => {
  await using gateway = await openGateway();
  await using app = await serve(gateway, byToken);
  const { client: helper } = await app.open('helper-app/alice');
  const { client: reader } = await app.open('reader-app/alice');
  const echo = (client: Client, message: string) => client.callTool({ name: 'echo', arguments: { message } });
  expect(await echo(helper, 'by the helper')).toMatchObject({ content: [{ text: 'by the helper' }] });
  expect(await echo(reader, 'by the reader')).toMatchObject({ content: [{ text: 'by the reader' }] });
  expect((await helper.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'pay', 'ask-the-model']);
  expect((await reader.listTools()).tools.map(({ name }) => name)).toEqual(['echo']);
  expect(await codeOf(reader.callTool({ name: 'pay', arguments: { amount: 1 } }))).toBe(-32001);
  expect(JSON.stringify(await helper.callTool({ name: 'ask-the-model' }))).toContain('sampled!');
  const revoked = { key: gateway.admin, body: { reason: 'over' } };
  const { status } = await gateway.behalf.ask('POST', `/v1/delegations/${gateway.helping}/revoke`, revoked);
  expect(status).toBe(200);
  expect(await codeOf(echo(helper, 'no more'))).toBe(-32001);
  expect((await helper.listTools()).tools).toEqual([]);
  expect(app.reached).toEqual(['echo by the helper', 'echo by the reader', 'ask-the-model ']);
  await Promise.all([helper.close(), reader.close()]);
});

test('a session is nobody else’s, and without a person nobody’s', async () => {
  await using gateway = await openGateway();
  await using app = await serve(gateway, byToken);
  const { client, transport } = await app.open('reader-app/alice');
  const post = async (authorization: string, method: string, params: object) => {
    const answer = await fetch(app.url, {
      method: 'POST',
      headers: {
        authorization,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': transport.sessionId ?? '',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 'stolen', method, params }),
    });
    return answer.text();
  };
  const call = { name: 'echo', arguments: { message: 'stolen' } };
  expect(await post('Bearer helper-app/alice', 'tools/call', call)).toContain('-32600');
  expect(await post('Bearer nobody', 'tools/call', call)).toContain('-32603');
  expect(app.reached).toEqual([]);
  expect(await codeOf(app.open('helper-app'))).toBe(-32603);
  await client.close();
});
