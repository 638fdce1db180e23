import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { median, table } from './report.ts';

const CALLS = 500;
const WARM_UP = 100;
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const EVERYTHING = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const LOOPBACK_ONLY = fileURLToPath(new URL('../test/support/loopback-only.mjs', import.meta.url));
const WHO = ['--server', 'everything', '--agent', 'agent:helper', '--on-behalf-of', 'user:alice'];

const MODEL = `model
  schema 1.1
type user
type agent
type tool
  relations
    define can_call: [user]
`;
const DELEGATIONS = `delegations:
  - name: help
    from: user:alice
    to: agent:helper
    capabilities: [{ actions: [call], resources: ['tool:everything/*'] }]
    expires_in: 30d
`;
const SEED = 'tuples:\n  - { user: user:alice, relation: can_call, object: tool:everything/echo }\n';

interface Way {
  readonly name: string;
  readonly client: Client;
  readonly times: number[];
}

/** A call of `echo` through the proxy beside the same call without it: in one run, in turn, one call at a time. */
export async function benchMcp(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-bench-mcp-'));
  const children: ChildProcess[] = [];
  const ways: Way[] = [];
  const add = async (name: string, transport: Transport): Promise<void> => {
    const client = new Client({ name: 'bench', version: '1' });
    await client.connect(transport);
    ways.push({ name, client, times: [] });
  };
  try {
    const world = writeWorld(directory);
    const served = await listening(children, ['serve', '--dev', '--port', '0', ...world('served')]);
    const upstream = await startEverything(children);
    const http = (url: string): Transport => new StreamableHTTPClientTransport(new URL(url)) as Transport;
    const proxy = (where: readonly string[]): Transport =>
      stdio([MAIN, 'mcp-proxy', ...WHO, ...where, '--', ...SERVER]);
    const behind = (where: readonly string[]): Promise<string> =>
      listening(children, ['mcp-proxy', ...WHO, ...where, '--upstream', upstream]);
    await add('stdio, direct', stdio(SERVER.slice(1)));
    await add('stdio, decided in process', proxy(world('stdio')));
    await add('stdio, asking a running Behalf', proxy(['--behalf', served]));
    await add('HTTP, direct', http(upstream));
    await add('HTTP, decided in process', http(await behind(world('http'))));
    await add('HTTP, asking a running Behalf', http(await behind(['--behalf', served])));
    for (let call = -WARM_UP; call < CALLS; call++) {
      for (const { client, times } of call % 2 === 0 ? ways : ways.toReversed()) {
        const start = performance.now();
        await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
        if (call >= 0) times.push(performance.now() - start);
      }
    }
  } finally {
    await Promise.all(ways.map(({ client }) => client.close()));
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.map(ended));
    rmSync(directory, { recursive: true, force: true });
  }
  report(ways);
}

const SERVER = [process.execPath, EVERYTHING, 'stdio'];

function report(ways: readonly Way[]): void {
  const rows = ways.map(({ name, times }, index) => {
    const direct = ways[index - (index % 3)]?.times ?? [];
    const added = [median(times) - median(direct), p99(times) - p99(direct)].map((ms) => ms.toFixed(2));
    return [name, median(times).toFixed(2), p99(times).toFixed(2), ...(times === direct ? ['', ''] : added)];
  });
  table(
    `tools/call echo, one at a time, ${CALLS} calls each in turn, the record durable before each (ms)`,
    ['way', 'median', 'p99', 'added', 'added to p99'],
    rows,
  );
}

function p99(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', resolve));
}

/** A tool, somebody who may call it, and the agent that does: each process has a store of its own. */
function writeWorld(directory: string): (store: string) => readonly string[] {
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  write('model/model.fga', MODEL);
  write('policies/delegations/alice.yaml', DELEGATIONS);
  const seed = write('seed.yaml', SEED);
  const from = (name: string): string => join(directory, name);
  const world = ['--model', from('model'), '--policies', from('policies'), '--seed', seed];
  return (store) => [...world, '--store', join(directory, store, 'behalf.db')];
}

function stdio(args: readonly string[]): Transport {
  return new StdioClientTransport({ command: process.execPath, args: args.slice(), stderr: 'ignore' });
}

/** Starts a command of Behalf's that says where it listens. */
function listening(children: ChildProcess[], args: readonly string[]): Promise<string> {
  const child = fork(MAIN, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  children.push(child);
  // The proxy names the server behind it, too, before its own address.
  return addressIn(child, /(?:serves|at) (http:\S+)\s/);
}

async function startEverything(children: ChildProcess[]): Promise<string> {
  const port = 41_000 + (process.pid % 1000);
  const child = spawn(process.execPath, ['--import', LOOPBACK_ONLY, EVERYTHING, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  await addressIn(child, /(listening)/i);
  return `http://127.0.0.1:${port}/mcp`;
}

function addressIn(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = pattern.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`it did not start: ${said}`)));
  });
}
