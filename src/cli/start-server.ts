import type { Config } from '../config.ts';
import { isLoopbackHost } from '../core/loopback.ts';
import { ok, type Result } from '../core/result.ts';
import { Checks } from '../engine/check.ts';
import type { Ledger } from '../engine/ledger.ts';
import { LogRate } from '../engine/log-rate.ts';
import { DecisionMeters, meteredLog } from '../engine/meters.ts';
import type { Listener, Rooms } from './command.ts';
import { type Engine, type NotStarted, openEngine, refuse } from './open-engine.ts';
import { readKeySets } from './read-key-sets.ts';
import { shown } from './read-sources.ts';
import { type Watching, watchSources } from './watch.ts';

/** A server that answers. */
export interface Running extends Omit<Engine, 'log'> {
  readonly url: string;
  /** Lets the answers under way finish, then closes log and store. */
  close(): Promise<void>;
}

/**
 * Starts a server as design section 10 says, or says why it did not; a store or log that was made meanwhile stays.
 *
 * @param tell hears what happens while it runs, where directories are watched
 */
export async function startServer(
  config: Config,
  rooms: Rooms,
  clock: () => number,
  tell: (text: string) => void = () => {},
): Promise<Result<Running, NotStarted>> {
  let engine: Engine | undefined;
  let server: Listener | undefined;
  let watching: Watching | undefined;
  const close = async (): Promise<void> => {
    watching?.close();
    if (server !== undefined) await stop(server);
    await engine?.close();
  };
  try {
    const opened = await openEngine(config, rooms, clock, (ledger) => admitCallers(ledger, config));
    if (!opened.ok) return opened;
    engine = opened.value;
    const { log: files, ...told } = engine;
    const meters = new DecisionMeters();
    const log = meteredLog(files, meters);
    const { ledger, evidence } = told;
    const { dev, storeId, host, port } = config;
    const orphans = config.allowOrphans ? 'allow' : 'refuse';
    const keySets = config.jwtKeysets === undefined ? [] : readKeySets(config.jwtKeysets);
    const rate = new LogRate(config.logRate);
    server = rooms.buildServer({
      ledger,
      checks: new Checks(ledger, log, rate),
      log,
      records: rooms.openRecords(config.log),
      evidence,
      rate,
      metrics: { meters, readers: config.metrics },
      dev,
      publicHosts: config.publicHosts,
      storeId,
      orphans,
      cerbos: { keySets },
    });
    const url = await server.listen({ host, port });
    if (config.watch) watching = watchSources(config, ledger, tell);
    return ok({ ...told, url, close });
  } catch (fault) {
    await close();
    return refuse(reasonOf(fault, config));
  }
}

/** Somebody must be able to ask, and beyond loopback nobody else. */
function admitCallers(ledger: Ledger, config: Config): Result<readonly string[], NotStarted> {
  if ([...ledger.callers()].length > 0) return ok([]);
  if (!isLoopbackHost(config.host)) {
    return refuse(
      `${config.host} is reachable from other machines, and the store has no callers: add one first with\n  behalf callers add admin --role administer --store ${shown(config.store)}`,
    );
  }
  if (config.dev) return ok([]);
  return ok([`nobody can ask: behalf callers add ID --role … --store ${shown(config.store)}, or --dev`]);
}

/** Milliseconds between two looks at which connections have become idle, and until those that have not are cut. */
const STOPPING = { sweepMs: 50, atMostMs: 10_000 };

/** A connection that is kept alive after its last answer would hold the server up for as long as its client likes. */
async function stop(listener: Listener): Promise<void> {
  const sweep = setInterval(() => listener.server.closeIdleConnections(), STOPPING.sweepMs);
  const cut = setTimeout(() => listener.server.closeAllConnections(), STOPPING.atMostMs);
  try {
    await listener.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}

function reasonOf(fault: unknown, { host, port }: Config): string {
  const { code, message } = fault as { readonly code?: unknown; readonly message?: string };
  if (code === 'EADDRINUSE') return `${host}:${port} is in use: another server runs there; --port takes another one`;
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `cannot listen on ${host}:${port}: ${message}`;
  }
  return message ?? String(fault);
}
