import { Client as Client2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Running } from '../../src/cli/start-server.ts';
import { Behalf } from '../../src/client/client.ts';
import { startWorld } from '../support/command.ts';
import { HELLO, LineProcess } from '../support/line-process.ts';
import { makeMcpWorld, STATIC_URI } from '../support/mcp-world.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const serverOf = (name: string): string =>
  new URL(`../../node_modules/@modelcontextprotocol/server-${name}/dist/index.js`, import.meta.url).pathname;
const EVERYTHING = [process.execPath, serverOf('everything'), 'stdio'];

const world = makeMcpWorld();
const FILES = [process.execPath, serverOf('filesystem'), world.path('share')];
let behalf: Running;
let admin: Behalf;
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  behalf = await startWorld(world, { seed: world.path('seed.yaml') });
  admin = new Behalf({ url: behalf.url });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await behalf.close();
  world.remove();
});

/** The command line of a proxy in front of a server, for an agent of Alice's. */
function behind(server: string, agent: string, command: readonly string[]): readonly string[] {
  const who = ['--agent', agent, '--on-behalf-of', 'user:alice', '--behalf', behalf.url];
  return [process.execPath, MAIN, 'mcp-proxy', '--server', server, ...who, '--', ...command];
}

function lineProcess([command = '', ...args]: readonly string[]): LineProcess {
  const one = new LineProcess(command, args, { env: { PATH: process.env.PATH } });
  opened.push(one);
  return one;
}

async function connect([command = '', ...args]: readonly string[], capabilities = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities });
  await client.connect(new StdioClientTransport({ command, args: [...args], stderr: 'ignore' }));
  return client;
}

const call = (id: number, name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});
const ask = (id: number, method: string, params: object) => ({ jsonrpc: '2.0', id, method, params });

async function denialOf(promise: Promise<unknown>): Promise<{ reason: string; decision: string }> {
  const fault = await promise.then(
    () => new Error('it was allowed'),
    (error: unknown) => error,
  );
  expect(fault).toMatchObject({ code: -32001 });
  return (fault as { data: { reason: string; decision: string } }).data;
}

test('what is allowed comes back byte for byte as from the server itself', async () => {
  const requests = [
    call(1, 'echo', { message: 'grüße \u2028 "quoted" \\ 𝄞' }),
    call(2, 'get-sum', { a: 40, b: 2.5 }),
    call(3, 'get-tiny-image'),
    call(4, 'get-annotated-message', { messageType: 'error', includeImage: true }),
    call(5, 'get-structured-content', { location: 'New York' }),
    ask(6, 'resources/read', { uri: STATIC_URI }),
    ask(7, 'prompts/get', { name: 'args-prompt', arguments: { city: 'Oslo' } }),
    ask(8, 'completion/complete', {
      ref: { type: 'ref/prompt', name: 'completable-prompt' },
      argument: { name: 'department', value: 'S' },
    }),
    ask(9, 'prompts/list', {}),
    ask(10, 'tasks/list', {}),
    call(11, 'get-sum', { a: 'no number' }),
    ask(12, 'ping', {}),
  ];
  const direct = lineProcess(EVERYTHING);
  const proxied = lineProcess(behind('everything', 'agent:assistant', EVERYTHING));
  for (const one of [direct, proxied]) one.send(...HELLO, ...requests);
  for (const id of ['hello', ...requests.map((request) => request.id)]) {
    if (id === 10) {
      // tasks/list is a question about the server, which nobody was given.
      expect(JSON.parse(await proxied.answer(id))).toMatchObject({ error: { code: -32001 } });
    } else if (id === 11) {
      // An argument that the policy cannot compare is an error in it, and denies.
      expect(JSON.parse(await proxied.answer(id))).toMatchObject({ error: { code: -32001 } });
    } else expect(await proxied.answer(id)).toBe(await direct.answer(id));
  }
  // In the order in which they came, too: no answer of the server's overtakes another.
  const ids = proxied.lines.map((line) => (JSON.parse(line) as { id?: unknown }).id);
  expect(ids.filter((id) => id === 'hello')).toHaveLength(1);
});

describe('a session of the official client', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connect(behind('everything', 'agent:assistant', EVERYTHING), { sampling: {}, elicitation: {} });
  });
  afterAll(() => client.close());

  test('denied tools are neither listed nor callable, amounts decide, and each denial has its record', async () => {
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    // The second one depends on its arguments.
    expect(names).toEqual(expect.arrayContaining(['echo', 'get-sum']));
    expect(names).not.toContain('get-env');
    const { reason, decision } = await denialOf(client.callTool({ name: 'get-env', arguments: {} }));
    expect(reason).toBe('not_entitled');
    expect(await admin.decision(decision)).toMatchObject({
      id: decision,
      decision: false,
      request: {
        actor: 'agent:assistant',
        origin: 'user:alice',
        action: 'call',
        resource: 'tool:everything/get-env',
      },
    });
    const sum = (a: number) => client.callTool({ name: 'get-sum', arguments: { a, b: 50 } });
    expect(await sum(50)).toMatchObject({ content: [{ text: 'The sum of 50 and 50 is 100.' }] });
    await denialOf(sum(50.5));
    await denialOf(client.readResource({ uri: 'demo://resource/dynamic/text/2' }));
    const templates = await client.listResourceTemplates();
    expect(templates.resourceTemplates).toEqual([]);
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual([STATIC_URI]);
  });

  test('sampling, elicitation, progress, cancellation, log messages and subscriptions work as without a proxy', async () => {
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: 'sampled!' },
    }));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }));
    const logged: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.data));
    const sampled = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hi' } });
    expect(JSON.stringify(sampled)).toContain('sampled!');
    const elicited = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    expect(JSON.stringify(elicited)).toContain('declined');

    const progress: number[] = [];
    const operation = (duration: number, options: object) =>
      client.callTool(
        { name: 'trigger-long-running-operation', arguments: { duration, steps: 3 } },
        undefined,
        options,
      );
    await operation(0.3, { onprogress: (one: { progress: number }) => progress.push(one.progress) });
    // The client drops what it reads together with the result; which may be the last.
    expect(progress.slice(0, 2)).toEqual([1, 2]);
    await expect(operation(30, { signal: AbortSignal.timeout(100) })).rejects.toThrow();

    await client.setLoggingLevel('debug');
    await client.subscribeResource({ uri: STATIC_URI });
    expect(JSON.stringify(logged)).toContain(STATIC_URI);
    await denialOf(client.subscribeResource({ uri: 'demo://resource/dynamic/text/2' }));
    await client.unsubscribeResource({ uri: STATIC_URI });
  });
});

test('three agents in a chain, each with less, until the chain is revoked; with the other official client', async () => {
  const may: { readonly [agent: string]: readonly string[] } = {
    'agent:planner': ['list_directory', 'read_text_file', 'write_file'],
    'agent:researcher': ['list_directory', 'read_text_file'],
    'agent:scout': ['list_directory'],
  };
  const sessions = await Promise.all(
    Object.entries(may).map(async ([agent, tools]) => {
      // One that first asks whether the server speaks a later revision, as each may.
      const mode = agent === 'agent:scout' ? 'auto' : 'legacy';
      const client = new Client2({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
      opened.push(client);
      const [command = '', ...args] = behind('files', agent, FILES);
      await client.connect(new Stdio2({ command, args: [...args], stderr: 'ignore' }));
      return { agent, tools, client };
    }),
  );
  const list = (client: Client2) =>
    client.callTool({ name: 'list_directory', arguments: { path: world.path('share') } });
  const notes = world.path('share/notes.txt');
  for (const { agent, tools, client } of sessions) {
    expect((await client.listTools()).tools.map(({ name }) => name).sort()).toEqual([...tools].sort());
    expect(JSON.stringify(await list(client))).toContain('notes.txt');
    const write = client.callTool({ name: 'write_file', arguments: { path: notes, content: `by ${agent}` } });
    if (tools.includes('write_file')) await write;
    else await denialOf(write);
    const read = client.callTool({ name: 'read_text_file', arguments: { path: notes } });
    if (tools.includes('read_text_file')) expect(JSON.stringify(await read)).toContain('by agent:planner');
    else await denialOf(read);
  }
  const [plan] = await admin.allDelegations({ name: 'plan' });
  await admin.revoke(plan?.id ?? '', { reason: 'enough' });
  // The very next call of sessions that are open, for everybody below.
  for (const { client } of sessions) await denialOf(list(client));
  expect((await sessions[0]?.client.listTools())?.tools).toEqual([]);
});
