import type { Caller } from '../callers/caller.ts';
import { Behalf, BehalfError } from '../client/client.ts';
import { flagOf } from '../config.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { DecisionPoint } from '../mcp/decision-point.ts';
import type { KeyHolder } from '../mcp/http/proxy-options.ts';
import { remotePoint } from '../mcp/remote-point.ts';
import type { Context } from './command.ts';
import { ENGINE_KEYS, flagsOf } from './config-flags.ts';
import type { NotStarted } from './open-engine.ts';

/** Where the proxy's decisions come from. */
export interface OpenPoint {
  /** Asked by the proxy itself. */
  readonly point: DecisionPoint;
  /** Asked by whoever has this key. */
  readonly pointOf: (key: string) => DecisionPoint;
  /** Whose key it is, undefined if it is none in force. Throws where that cannot be found out. */
  readonly holderOf: (key: string) => Promise<KeyHolder | undefined>;
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface PointOptions {
  readonly behalf?: string;
  readonly key?: string;
  readonly store?: string;
  readonly config?: string;
  /** The flags of an engine, which go with `store` or `config`. */
  readonly [flag: string]: unknown;
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
  if (url !== undefined) {
    const given = flagsOf(options);
    const idle = ENGINE_KEYS.find((key) => given[key] !== undefined);
    if (idle === undefined) return openRemote(url, options.key ?? env.BEHALF_KEY);
    return refuse(`decisions are made by ${url}: ${flagOf(idle)} would have no effect, it goes with --store`);
  }
  if (!isLocal && env.BEHALF_STORE === undefined && env.BEHALF_CONFIG === undefined) {
    return refuse('say where decisions are made: --behalf URL asks a running Behalf, --store FILE decides here');
  }
  // Asking somebody else must not wait for the engine's code.
  const { openLocalPoint } = await import('./local-point.ts');
  return openLocalPoint(options, caller, context);
}

function openRemote(url: string, key: string | undefined): Result<OpenPoint, NotStarted> {
  const clientOf = (own: string | undefined): Behalf =>
    new Behalf({ url, timeoutMs: TIMEOUT_MS, ...(own === undefined || own === '' ? undefined : { key: own }) });
  try {
    return ok({
      point: remotePoint(clientOf(key)),
      pointOf: (other) => remotePoint(clientOf(other)),
      async holderOf(other) {
        try {
          const { id, principal } = await clientOf(other).callers.own();
          return { caller: id, ...(principal === undefined ? undefined : { principal }) };
        } catch (fault) {
          if (fault instanceof BehalfError && fault.status === 401) return undefined;
          throw fault;
        }
      },
      warnings: [],
      close: async () => {},
    });
  } catch (fault) {
    return refuse(fault instanceof Error ? fault.message : String(fault));
  }
}

function refuse(message: string) {
  return err({ message, problems: [] });
}
