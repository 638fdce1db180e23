import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { median, table } from './report.ts';

const DEPTH = 4;
const CONNECTIONS = 64;
const SECONDS = 5;
const ROUNDS = 3;
const MODES = ['bare', 'unlogged', 'durable'] as const;
type Mode = (typeof MODES)[number];

const BODY = JSON.stringify({
  subject: { type: 'user', id: 'alice' },
  action: { name: 'call' },
  resource: { type: 'tool', id: 'erp/pay', properties: { args: { amount: 250, currency: 'EUR' } } },
  context: { agent: { type: 'agent', id: String(DEPTH) } },
});

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly key: string;
}

/** Checks over HTTP with the decision durable, beside the bare route and beside the disk, in one run, in turn. */
export async function benchHttp(): Promise<void> {
  const servers = new Map<Mode, Server>();
  const rates = new Map<Mode, number[]>(MODES.map((mode) => [mode, []]));
  let size: Size | undefined;
  const latencies = new Map<Mode, number[]>(MODES.map((mode) => [mode, []]));
  try {
    for (const mode of MODES) servers.set(mode, await start(mode));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [mode, server] of servers) {
        const result = await load(server);
        if (round === 0) continue;
        rates.get(mode)?.push(result.requests.average);
        latencies.get(mode)?.push(result.latency.p99);
      }
    }
    const durable = servers.get('durable');
    if (durable !== undefined) size = await sizeOf(durable.child);
  } finally {
    for (const { child } of servers.values()) child.kill('SIGTERM');
  }
  const rate = (mode: Mode): number => median(rates.get(mode) ?? []);
  table(
    `POST /access/v1/evaluation, chain of ${DEPTH}, one server core, ${CONNECTIONS} connections, ${SECONDS} s, median of ${ROUNDS}`,
    ['mode', 'requests/s', 'of the bare route', 'of unlogged', 'p99 (ms)'],
    MODES.map((mode) => [
      mode,
      Math.round(rate(mode)),
      `${((100 * rate(mode)) / rate('bare')).toFixed(0)} %`,
      `${((100 * rate(mode)) / rate('unlogged')).toFixed(0)} %`,
      median(latencies.get(mode) ?? []).toFixed(1),
    ]),
  );
  if (size !== undefined) console.log(`  ${(size.bytes / size.records).toFixed(0)} bytes a record on disk`);
  benchDisk();
}

/** What a server has written. */
interface Size {
  readonly records: number;
  readonly bytes: number;
}

function sizeOf(child: ChildProcess): Promise<Size> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as Size));
    child.send('size');
  });
}

function start(mode: Mode): Promise<Server> {
  const script = join(import.meta.dirname, 'http-server.ts');
  const child = fork(script, [mode, String(DEPTH)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  pin(child.pid, 0);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve({ child, ...(message as { url: string; key: string }) }));
    child.once('exit', (code) => reject(new Error(`the ${mode} server ended with ${code}`)));
  });
}

/** The server has one core and the load another, where the system can do that. */
function pin(pid: number | undefined, core: number): void {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' });
  } catch {
    console.log('taskset is not there: server and load share the cores');
  }
}

async function load({ url, key }: Server): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}/access/v1/evaluation`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: BODY,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were no 200, ${result.errors} failed`);
  return result;
}

/** What the disk alone allows: as many bytes as such records have, appended and made durable by one fdatasync. */
function benchDisk(): void {
  const directory = mkdtempSync(join(tmpdir(), 'behalf-disk-'));
  const file = openSync(join(directory, 'append'), 'a');
  const rows: (string | number)[][] = [];
  for (const batch of [1, 16, 64]) {
    const bytes = Buffer.alloc(batch * 1500, 'x');
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < 2000) {
      writeSync(file, bytes);
      fdatasyncSync(file);
      count += batch;
    }
    rows.push([batch, Math.round((count * 1000) / (performance.now() - start))]);
  }
  closeSync(file);
  rmSync(directory, { recursive: true, force: true });
  table('append of 1,500 bytes a record with fdatasync, nothing else', ['records a sync', 'records/s'], rows);
}
