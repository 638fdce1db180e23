import { readFileSync } from 'node:fs';
import type { Rooms } from './cli/command.ts';
import { runProgram } from './cli/program.ts';
import { openTerminal } from './cli/terminal.ts';
import { ok } from './core/result.ts';

const packageFile = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(packageFile) as { readonly version: string };

/** The composition root: the one place that knows which implementation stands behind each port. */
async function loadRooms(): Promise<Rooms> {
  const [
    { openSqliteStore },
    { openFileLog },
    { openRecordFiles },
    { openChangeMirror },
    { openFileEvidence },
    { buildServer },
    { makeKey },
    { parseCaller },
    { toCallerRow },
  ] = await Promise.all([
    import('./store/sqlite/sqlite-store.ts'),
    import('./audit/file-log.ts'),
    import('./audit/records/record-files.ts'),
    import('./audit/changes/change-mirror.ts'),
    import('./audit/checkpoints/file-evidence.ts'),
    import('./wire/server.ts'),
    import('./callers/key.ts'),
    import('./callers/parse-caller.ts'),
    import('./callers/caller-row.ts'),
  ]);
  return {
    openStore: openSqliteStore,
    openLog: openFileLog,
    openRecords: openRecordFiles,
    openMirror: openChangeMirror,
    openEvidence: openFileEvidence,
    buildServer: (app) => buildServer({ ...app, version }),
    makeCaller: (fields) => {
      const caller = parseCaller(fields);
      if (!caller.ok) return caller;
      const { key, keyHash } = makeKey(caller.value.id);
      return ok({ row: toCallerRow(caller.value, keyHash), key });
    },
  };
}

const words = process.argv.slice(2);

// A reader that has seen enough (`| head`) ends a command, with the status that shells give to SIGPIPE. A server goes on.
process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
  if (fault.code !== 'EPIPE') throw fault;
  if (words[0] !== 'serve') process.exit(141);
});

process.exitCode = await runProgram(words, {
  terminal: openTerminal(process),
  version,
  loadRooms,
  now: Date.now,
  stopped: () =>
    new Promise((resolve) => {
      // Once each: a second signal ends the process at once.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
    }),
});
