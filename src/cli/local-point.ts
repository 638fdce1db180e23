import { authenticate } from '../callers/authenticate.ts';
import type { Caller } from '../callers/caller.ts';
import { loadConfig } from '../config.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Checks } from '../engine/check.ts';
import { LogRate } from '../engine/log-rate.ts';
import type { Context } from './command.ts';
import { flagsOf } from './config-flags.ts';
import { enginePoint } from './engine-point.ts';
import { type NotStarted, openEngine, refuse } from './open-engine.ts';
import type { OpenPoint } from './open-point.ts';
import { watchSources } from './watch.ts';

/** An engine of this process's own, with its store and log, that only this process asks. */
export async function openLocalPoint(
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
    const checks = new Checks(ledger, log, new LogRate(config.value.logRate));
    const watching = config.value.watch ? watchSources(config.value, ledger, terminal.err) : undefined;
    // Looked up for every question: a key that was removed is dead on the next one.
    const callerOf = (key: string): Caller | undefined => authenticate(key, (id) => ledger.caller(id));
    return ok({
      point: enginePoint(checks, caller),
      pointOf: (key) => ({
        async decide(questions, requestId, trace) {
          const holder = callerOf(key);
          if (holder === undefined) throw new Error('the key is not in force');
          return enginePoint(checks, holder).decide(questions, requestId, trace);
        },
      }),
      async holderOf(key) {
        const holder = callerOf(key);
        if (holder === undefined) return undefined;
        const { id, principal } = holder;
        return { caller: id, ...(principal === undefined ? undefined : { principal }) };
      },
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
