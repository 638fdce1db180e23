import { execFileSync, fork } from 'node:child_process';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { cerbosBinary, startPdp } from '../test/support/cerbos-pdp.ts';
import { PURCHASE_ORDERS } from './purchase-orders.ts';
import { median, table } from './report.ts';

const CONNECTIONS = [16, 64];
const SECONDS = 4;
const ROUNDS = 3;

const BODY = JSON.stringify({
  principal: { id: 'alice', roles: ['employee'], attr: { department: 'sales' } },
  resources: [
    {
      resource: { kind: 'purchase_order', id: 'po-4711', attr: { department: 'sales', amount: 250 } },
      actions: ['approve'],
    },
  ],
});

interface Server {
  readonly name: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
}

/**
 * `POST /api/check/resources` with the same body and policy beside the real Cerbos, each on one core, in turn. Behalf
 * answers once the decision is on disk; `unlogged` leaves that out, as Cerbos does without its audit log.
 */
export async function benchCerbos(): Promise<void> {
  const binary = cerbosBinary();
  if (binary === undefined) {
    console.log('\nno Cerbos for this platform: nothing to compare with');
    return;
  }
  await using pdp = await startPdp(binary, PURCHASE_ORDERS);
  pin(pdp.pid);
  const own = await Promise.all((['durable', 'unlogged'] as const).map(start));
  try {
    const servers: readonly Server[] = [
      { name: 'Cerbos', url: pdp.url, headers: {} },
      ...own.map(({ mode, url, key }) => ({
        name: `Behalf, ${mode}`,
        url,
        headers: { authorization: `Bearer ${key}` },
      })),
    ];
    await compare(servers);
  } finally {
    for (const { child } of own) child.kill('SIGTERM');
  }
}

async function compare(servers: readonly Server[]): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const connections of CONNECTIONS) {
    const results = new Map<string, autocannon.Result[]>();
    for (let round = 0; round <= ROUNDS; round++) {
      for (const server of servers) {
        const result = await load(server, connections);
        // The first round warms both up.
        if (round > 0) results.set(server.name, [...(results.get(server.name) ?? []), result]);
      }
    }
    for (const [name, all] of results) {
      const rate = median(all.map((one) => one.requests.average));
      rows.push([name, connections, Math.round(rate), median(all.map((one) => one.latency.p99)).toFixed(1)]);
    }
  }
  table(
    `POST /api/check/resources, one action, one server core, ${SECONDS} s, median of ${ROUNDS}`,
    ['server', 'connections', 'requests/s', 'p99 (ms)'],
    rows,
  );
}

async function load({ url, headers }: Server, connections: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}/api/check/resources`,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: BODY,
    connections,
    duration: SECONDS,
    verifyBody: (body) => String(body).includes('EFFECT_ALLOW'),
  });
  if (result.non2xx > 0 || result.errors > 0 || result.mismatches > 0) {
    throw new Error(
      `${result.non2xx} answers were no 200, ${result.errors} failed, ${result.mismatches} did not allow`,
    );
  }
  return result;
}

function start(mode: 'durable' | 'unlogged') {
  const script = join(import.meta.dirname, 'http-server.ts');
  const child = fork(script, [mode, '0', 'cerbos'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  pin(child.pid);
  return new Promise<{ mode: string; child: typeof child; url: string; key: string }>((resolve, reject) => {
    child.once('message', (message) => resolve({ mode, child, ...(message as { url: string; key: string }) }));
    child.once('exit', (code) => reject(new Error(`the ${mode} server ended with ${code}`)));
  });
}

/** The server has the first core; the load takes the others. */
function pin(pid: number | undefined): void {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', '0', String(pid)], { stdio: 'ignore' });
  } catch {
    console.log('taskset is not there: server and load share the cores');
  }
}
