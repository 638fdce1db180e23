import type { Caller } from '../callers/caller.ts';
import { Behalf } from '../client/client.ts';
import { loadConfig } from '../config.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Checks } from '../engine/check.ts';
import type { DecisionPoint } from '../mcp/decision-point.ts';
import { remotePoint } from '../mcp/remote-point.ts';
import type { Sender } from '../mcp/sender.ts';
import type { Context } from './command.ts';
import { flagsOf } from './config-flags.ts';
import { enginePoint } from './engine-point.ts';
import { type NotStarted, openEngine, refuse } from './open-engine.ts';
import { watchSources } from './watch.ts';

/** Where the proxy's decisions come from. */
export interface OpenPoint {
  readonly point: DecisionPoint;
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface PointOptions {
  readonly behalf?: string;
  readonly key?: string;
  readonly store?: string;
  readonly config?: string;
}

/** Milliseconds until a decision point that does not answer counts as out of reach. A person is waiting for the call. */
const TIMEOUT_MS = 5000;

/**
 * The decision point that the options name: a running Behalf, or an engine of this process's own. A flag beats the
 * environment.
 *
 * @param caller as whom an engine of this process is asked
 */
export async function openPoint(
  options: PointOptions,
  caller: Caller,
  context: Context,
): Promise<Result<OpenPoint, NotStarted>> {
  const { env } = context.terminal;
  const isLocal = options.store !== undefined || options.config !== undefined;
  if (isLocal && options.behalf !== undefined) {
    return refuse('decisions are made in one place: --behalf URL, or --store FILE (or --config), not both');
  }
  const url = isLocal ? undefined : (options.behalf ?? env.BEHALF_URL);
  if (url !== undefined) return openRemote(url, options.key ?? env.BEHALF_KEY);
  if (!isLocal && env.BEHALF_STORE === undefined && env.BEHALF_CONFIG === undefined) {
    return refuse('say where decisions are made: --behalf URL asks a running Behalf, --store FILE decides here');
  }
  return openLocal(options, caller, context);
}

function openRemote(url: string, key: string | undefined): Result<OpenPoint, NotStarted> {
  try {
    const client = new Behalf({
      url,
      timeoutMs: TIMEOUT_MS,
      ...(key === undefined || key === '' ? undefined : { key }),
    });
    return ok({ point: remotePoint(client), warnings: [], close: async () => {} });
  } catch (fault) {
    return refuse(fault instanceof Error ? fault.message : String(fault));
  }
}

async function openLocal(
  options: object,
  caller: Caller,
  { terminal, loadRooms, now }: Context,
): Promise<Result<OpenPoint, NotStarted>> {
  const config = loadConfig(flagsOf({ ...options }), terminal.env);
  if (!config.ok) return err({ message: 'the configuration cannot be used', problems: config.error });
  try {
    const opened = await openEngine(config.value, await loadRooms(), now);
    if (!opened.ok) return opened;
    const { ledger, log, warnings } = opened.value;
    const watching = config.value.watch ? watchSources(config.value, ledger, terminal.err) : undefined;
    return ok({
      point: enginePoint(new Checks(ledger, log), caller),
      warnings,
      async close() {
        watching?.close();
        await opened.value.close();
      },
    });
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    const hint = /another process has/.test(message)
      ? '\nif it is another Behalf, ask that one instead: --behalf URL --key KEY'
      : '';
    return refuse(`${message}${hint}`);
  }
}

/**
 * As whom the proxy asks the engine in its own process. Like the caller of --dev it exists only there, and no stored
 * caller can have its id. Whoever starts the process says who the agent is and for whom it acts, and could open the
 * store as well: that is as good as a caller that vouches.
 */
export function proxyCaller(server: string, { asks }: Pick<Sender, 'asks'>): Caller {
  const origins = asks.on_behalf_of === undefined ? [] : [asks.on_behalf_of];
  return {
    id: `mcp-proxy:${server}`,
    roles: ['check'],
    actors: [asks.actor],
    origins,
    vouches: origins,
    direct: false,
    asserts: [],
    mode: 'enforce',
  };
}
