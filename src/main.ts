import { readFileSync } from 'node:fs';
import { openFileLog } from './audit/file-log.ts';
import { toCallerRow } from './callers/caller-row.ts';
import { makeKey } from './callers/key.ts';
import { parseCaller } from './callers/parse-caller.ts';
import type { Rooms } from './cli/command.ts';
import { runProgram } from './cli/program.ts';
import { openTerminal } from './cli/terminal.ts';
import { ok } from './core/result.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import { buildServer } from './wire/server.ts';

/** The composition root: the one place that knows which implementation stands behind each port. */
const rooms: Rooms = {
  version: (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version,
  openStore: openSqliteStore,
  openLog: openFileLog,
  buildServer,
  makeCaller: (fields) => {
    const caller = parseCaller(fields);
    if (!caller.ok) return caller;
    const { key, keyHash } = makeKey(caller.value.id);
    return ok({ row: toCallerRow(caller.value, keyHash), key });
  },
};

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: openTerminal(process),
  rooms,
  now: Date.now,
  stopped: () =>
    new Promise((resolve) => {
      // Once each: a second signal ends the process at once.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
    }),
});
