import { Command } from 'commander';
import type { Finding } from '../audit/verify/findings.ts';
import type { Progress, Verification } from '../audit/verify/verify-directory.ts';
import { CONFIG_KEYS } from '../config.ts';
import { readTextFile } from '../text-file.ts';
import { readPublicKey } from './audit-key.ts';
import { withAuditFiles } from './audit-sources.ts';
import { CommandError, type Context, EXIT, type Finish, printJson } from './command.ts';
import { counted, labelled } from './layout.ts';
import type { Terminal } from './terminal.ts';

interface VerifyCommandOptions {
  readonly log: string;
  readonly checkpoint: readonly string[];
  readonly publicKey?: string;
  readonly store?: string;
  readonly complete?: boolean;
  readonly json?: boolean;
}

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 1000;

/** Checks a log directory from its files alone. Exits 1 where anything was changed, removed or added. */
export function auditVerifyCommand(context: Context, finish: Finish): Command {
  const { terminal, now } = context;
  return new Command('verify')
    .description('check a log directory from its files alone: nothing changed, removed, added or moved')
    .requiredOption(
      '--log <DIR>',
      `the log directory, or a copy of it (serve --log; by default ${CONFIG_KEYS.store.default.replace(/[^/]*$/, 'decisions')})`,
    )
    .option(
      '--checkpoint <FILE>',
      'a checkpoint that was kept elsewhere: a note, or lines as in checkpoints.jsonl; may be repeated',
      (file: string, before: readonly string[]) => [...before, file],
      [],
    )
    .option('--public-key <FILE>', "the node's public key, from somewhere else than the directory; default its key.pub")
    .option('--store <FILE>', 'a copy of the store: what is in force in it is held against its change log as well')
    .option('--complete', 'that older segments were removed is a fault as well')
    .option('--json', 'print JSON')
    .action(async (options: VerifyCommandOptions) => {
      const publicKey = options.publicKey === undefined ? undefined : readPublicKey(options.publicKey);
      const kept = options.checkpoint.map((name) => ({ name, text: readText(name) }));
      const { verifyDirectory } = await import('../audit/verify/verify-directory.ts');
      const started = now();
      const verified = readable(options.log, () =>
        verifyDirectory(options.log, {
          kept,
          complete: options.complete === true,
          progress: progressOn(terminal, now),
          ...(publicKey === undefined ? undefined : { publicKey }),
        }),
      );
      const inStore = options.store === undefined ? [] : await storeFaults(options.log, options.store, context);
      const found = { ...verified, faults: [...verified.faults, ...inStore] };
      const seconds = (now() - started) / 1000;
      if (options.json === true) printJson(terminal, verificationJson(found, publicKey !== undefined));
      else print(terminal, found, publicKey !== undefined, seconds);
      return finish(found.faults.length === 0 ? EXIT.ok : EXIT.no);
    });
}

/** What is wrong with a store: it belongs to another log, or holds rows that its change log did not make. */
async function storeFaults(log: string, store: string, context: Context): Promise<readonly Finding[]> {
  const { rowFaults } = await import('../engine/replay/row-faults.ts');
  return withAuditFiles({ kind: 'files', log, store }, context, async (files) =>
    [...(files.strange === undefined ? [] : [files.strange]), ...rowFaults(files.store)].map((message) => ({
      file: store,
      message,
    })),
  );
}

/** Seconds of work are worth a word; less is not. */
function progressOn(terminal: Terminal, now: () => number): (progress: Progress) => void {
  let last = now();
  return ({ records, bytes, of }) => {
    if (now() - last < PROGRESS_MS) return;
    last = now();
    terminal.err(`${records.toLocaleString('en')} records, ${Math.floor((100 * bytes) / Math.max(1, of))} %`);
  };
}

function print(terminal: Terminal, found: Verification, hasKey: boolean, seconds: number): void {
  const { faults, notes, unlisted, records, first, last, node, root, checkpoints, changes } = found;
  for (const note of notes) terminal.err(`note: ${told(note)}`);
  for (const fault of faults) terminal.err(`${terminal.paint('bad', 'fault')}: ${told(fault)}`);
  if (unlisted > 0) terminal.err(`and ${counted(unlisted, 'more fault')}`);
  const { verified, newest } = checkpoints;
  const behind = last.sequence - (newest?.size ?? 0);
  const covers =
    newest === undefined
      ? 'none'
      : `${verified}, the newest of ${new Date(newest.at).toISOString()} with ${counted(newest.size, 'record')}${behind > 0 ? `; ${behind} came after it` : ''}`;
  terminal.out(
    labelled([
      [
        'records',
        `${records.toLocaleString('en')}${first > 1 ? `, from ${first} on` : ''}, in ${seconds.toFixed(1)} s`,
      ],
      ['node', node],
      ['last', last.hash],
      ['root', root],
      ['checkpoints', covers],
      ['key', hasKey ? 'given' : "the directory's own: give the one that you know (--public-key)"],
      ['changes', changes.toLocaleString('en')],
    ]),
  );
  const count = faults.length + unlisted;
  terminal.out(
    count === 0
      ? terminal.paint('good', 'unchanged: nothing was changed, removed, added or moved')
      : terminal.paint('bad', `not as it was written: ${counted(count, 'fault')}`),
  );
}

function told({ file, line, message }: Finding): string {
  return `${file}${line === undefined ? '' : `, line ${line}`}: ${message}`;
}

function verificationJson(found: Verification, hasKey: boolean): object {
  const { faults, notes, unlisted, records, first, last, node, root, checkpoints, changes } = found;
  const { verified, newest } = checkpoints;
  return {
    unchanged: faults.length === 0,
    node,
    records,
    first,
    last: last.sequence,
    sha256: last.hash,
    root,
    checkpoints: {
      verified,
      ...(newest === undefined
        ? undefined
        : { newest: { size: newest.size, time: new Date(newest.at).toISOString(), root: newest.root } }),
    },
    key: hasKey ? 'given' : 'directory',
    changes,
    faults,
    unlisted_faults: unlisted,
    notes,
  };
}

function readText(path: string): string {
  return readable(path, () => readTextFile(path));
}

/** What people name and cannot be read is a mistake of theirs, or their disk's. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (fault) {
    throw new CommandError(`${path} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}
