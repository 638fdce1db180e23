/**
 * The server under measurement, in a process of its own: `bare` answers the same bytes without asking anybody,
 * `unlogged` decides but keeps its records in memory (measurement only), `durable` is what is served.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { openFileLog } from '../src/audit/file-log.ts';
import type { DecisionLog } from '../src/audit/log.ts';
import { ASSERTABLE, type Caller } from '../src/callers/caller.ts';
import { toCallerRow } from '../src/callers/caller-row.ts';
import { makeKey } from '../src/callers/key.ts';
import type { Change } from '../src/core/change.ts';
import { toBundleSource, validateBundle } from '../src/engine/bundles/publish.ts';
import { Checks } from '../src/engine/check.ts';
import { Ledger } from '../src/engine/ledger.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { buildServer } from '../src/wire/server.ts';
import { chainOf, MODEL } from './chain-world.ts';
import { PURCHASE_ORDERS } from './purchase-orders.ts';

/** `chain` is a model and a chain of delegations, `cerbos` policies brought over. */
const [mode = 'durable', depth = '4', world = 'chain'] = process.argv.slice(2);
const GATEWAY: Caller = {
  id: 'gateway',
  roles: ['check'],
  actors: ['agent:*'],
  origins: ['user:*'],
  vouches: ['user:*'],
  direct: true,
  asserts: ASSERTABLE,
  mode: 'enforce',
};

const CERBOS = [
  ...PURCHASE_ORDERS.map(({ path, text }) => ({ path: `policies/${path}`, text })),
  { path: 'policies/behalf.yaml', text: 'semantics: cerbos\n' },
];

function memoryLog(): DecisionLog {
  let sequence = 0;
  return {
    append: () => Promise.resolve({ id: `d_${++sequence}`, sequence }),
    has: () => false,
    get: () => undefined,
    list: () => ({ records: [] }),
    summarize: () => Promise.resolve({ allowed: 0, denied: 0, observed: 0, groups: {} }),
    state: { status: 'ok', waiting: { records: 0, bytes: 0 }, bytes: 0, last: { sequence: 0, hash: '', root: '' } },
    close: () => Promise.resolve(),
  };
}

async function start(): Promise<void> {
  const { key, keyHash } = makeKey(GATEWAY.id);
  if (mode === 'bare') {
    const server = Fastify({ logger: false });
    const context = { id: 'd_bench_0000000000001', reason: 'allowed', revision: 'abcdefgh.1' };
    server.post('/access/v1/evaluation', (_request, reply) => reply.send({ decision: true, context }));
    ready(await server.listen({ port: 0, host: '127.0.0.1' }), key);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'behalf-bench-'));
  const store = openSqliteStore(join(directory, 'bench.db'));
  const source = toBundleSource(world === 'cerbos' ? CERBOS : [{ path: 'model/bench.fga', text: MODEL }]);
  const relationship = { user: 'user:alice', relation: 'caller', object: 'tool:erp/pay' };
  const changes: Change[] = [
    { kind: 'bundle', key: 'current', value: source },
    { kind: 'caller', key: GATEWAY.id, value: toCallerRow(GATEWAY, keyHash) },
    { kind: 'relationship', key: 'tool:erp/pay#caller@user:alice', value: relationship },
    ...chainOf(Number(depth)).map((delegation): Change => {
      const value = { ...delegation, not_before: 0, expires_at: Date.now() + 3_600_000 };
      return { kind: 'delegation', key: value.id, value };
    }),
  ];
  store.commit({ at: Date.now(), by: 'bench', act: 'seed', changes });
  const empty = validateBundle([]);
  if (!empty.ok) throw new Error('the empty bundle does not compile');
  const ledger = new Ledger(store, () => Date.now(), empty.value);
  const log = mode === 'unlogged' ? memoryLog() : openFileLog(join(directory, 'decisions'), 'bench');
  const server = buildServer({ ledger, checks: new Checks(ledger, log), log, dev: false, storeId: 'bench' });
  process.on('message', () => {
    const bytes = mode === 'unlogged' ? 0 : sizeOf(join(directory, 'decisions'));
    process.send?.({ records: log.state.last.sequence, bytes });
  });
  process.on('SIGTERM', async () => {
    await server.close();
    await log.close();
    store.close();
    rmSync(directory, { recursive: true, force: true });
    process.exit(0);
  });
  ready(await server.listen({ port: 0, host: '127.0.0.1' }), key);
}

/** Bytes of the segments in a directory. */
function sizeOf(directory: string): number {
  const segments = readdirSync(directory).filter((name) => /^decisions-\d+\.jsonl$/.test(name));
  return segments.reduce((bytes, name) => bytes + statSync(join(directory, name)).size, 0);
}

function ready(url: string, key: string): void {
  process.send?.({ url, key });
}

await start();
