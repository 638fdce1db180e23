import { openChangeMirror } from '../../src/audit/changes/change-mirror.ts';
import { openFileEvidence } from '../../src/audit/checkpoints/file-evidence.ts';
import { openFileLog } from '../../src/audit/file-log.ts';
import { openRecordFiles } from '../../src/audit/records/record-files.ts';
import { toCallerRow } from '../../src/callers/caller-row.ts';
import { makeKey } from '../../src/callers/key.ts';
import { parseCaller } from '../../src/callers/parse-caller.ts';
import type { Rooms } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { startServer } from '../../src/cli/start-server.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { ok } from '../../src/core/result.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { buildServer } from '../../src/wire/server.ts';
import type { SmallWorld } from './small-world.ts';

/** The same implementations that main.ts brings together. */
export const ROOMS: Rooms = {
  openStore: openSqliteStore,
  openLog: openFileLog,
  openRecords: openRecordFiles,
  openMirror: openChangeMirror,
  openEvidence: openFileEvidence,
  buildServer,
  makeCaller: (fields) => {
    const caller = parseCaller(fields);
    if (!caller.ok) return caller;
    const { key, keyHash } = makeKey(caller.value.id);
    return ok({ row: toCallerRow(caller.value, keyHash), key });
  },
};

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: { readonly [name: string]: string };
  /** What a person at the terminal answers; absent: nobody is there. */
  readonly answers?: string;
  /** Resolves when the process is told to stop. */
  readonly stopped?: Promise<unknown>;
  /** Called with each thing that is printed. */
  readonly printed?: (text: string) => void;
}

/** Runs the command in this process and keeps what it prints. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  let out = '';
  let err = '';
  const status = await runProgram(args, {
    version: '0.0.0',
    loadRooms: async () => ROOMS,
    now: Date.now,
    stopped: () => options.stopped ?? Promise.resolve(),
    terminal: {
      env: options.env ?? {},
      canAsk: options.answers !== undefined,
      ask: async () => options.answers ?? '',
      paint: (_style, text) => text,
      out: (text) => {
        out += `${text}\n`;
        options.printed?.(text);
      },
      err: (text) => {
        err += `${text}\n`;
        options.printed?.(text);
      },
    },
  });
  return { status, out, err };
}

/** A server of a small world, with a real store and log, on a free port. */
export async function startWorld(world: SmallWorld, flags: { readonly [key: string]: string | boolean } = {}) {
  const started = await tryStart(world, flags);
  if (!started.ok) throw new Error([started.error.message, ...started.error.problems.map(formatProblem)].join('\n'));
  return started.value;
}

export function tryStart(world: SmallWorld, flags: { readonly [key: string]: string | boolean } = {}) {
  return startServer(configOf(world, flags), ROOMS, Date.now);
}

export function configOf(world: SmallWorld, flags: { readonly [key: string]: string | boolean } = {}): Config {
  const defaults = { port: '0', dev: true, store: world.path('data/behalf.db'), log_reserve_mib: '0' };
  const directories = { model: world.path('model'), policies: world.path('policies') };
  const config = loadConfig({ ...defaults, ...directories, ...flags }, {});
  if (!config.ok) throw new Error(config.error.map(formatProblem).join('\n'));
  return config.value;
}
