import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Checkpoint, openCheckpoint } from '../audit/checkpoints/checkpoint.ts';
import { readCheckpoints } from '../audit/checkpoints/checkpoint-file.ts';
import { parsePublicKey } from '../audit/checkpoints/signing-key.ts';
import { isConsistent } from '../audit/tree/consistency.ts';
import type { Behalf, SignedCheckpoint } from '../client/client.ts';
import { readPublicKey } from './audit-key.ts';
import {
  CommandError,
  type Context,
  connect,
  EXIT,
  type Finish,
  printJson,
  type RemoteOptions,
  remoteCommand,
} from './command.ts';
import { counted } from './layout.ts';

interface CheckpointOptions extends RemoteOptions {
  readonly since?: string;
  readonly publicKey?: string;
}

/** Prints a checkpoint of now. With one from before: exits 1 unless the log of now goes on from the one of then. */
export function auditCheckpointCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('checkpoint', 'a signed checkpoint of everything that was decided until now: keep it elsewhere')
    .option(
      '--since <FILE>',
      'check as well that the log goes on from a checkpoint that was kept (the last in the file)',
    )
    .option('--public-key <FILE>', "the node's public key, from somewhere else than the server")
    .action(async (options: CheckpointOptions) => {
      const client = connect(options, terminal);
      const made = await client.checkpoint();
      const publicKey = options.publicKey === undefined ? keyIn(made) : readPublicKey(options.publicKey);
      const now = opened(made.note, publicKey, 'the checkpoint of the server');
      const fault = options.since === undefined ? undefined : await departure(client, options.since, now, publicKey);
      if (options.json === true) printJson(terminal, made);
      else print(terminal.out, made);
      if (fault !== undefined) {
        terminal.err(`error: ${fault}`);
        return finish(EXIT.no);
      }
      if (options.since !== undefined)
        terminal.err(`the log goes on from ${options.since}: nothing before it was changed`);
      return finish(EXIT.ok);
    });
}

function keyIn(made: SignedCheckpoint): KeyObject {
  const key = parsePublicKey(made.public_key);
  if (!key.ok) throw new CommandError(`the public key of the server: ${key.error}`);
  return key.value;
}

/** As it is, to the last byte: it ends with the line feed that `out` adds. */
function print(out: (text: string) => void, { note }: SignedCheckpoint): void {
  out(note.slice(0, -1));
}

/** Where the log of now does not go on from a checkpoint that was kept; undefined where it does. */
async function departure(
  client: Behalf,
  file: string,
  now: Checkpoint,
  publicKey: KeyObject,
): Promise<string | undefined> {
  const then = opened(lastNote(file), publicKey, file);
  if (then.node !== now.node) return `${file} is of node "${then.node}", the server "${now.node}"`;
  if (then.size > now.size) {
    return `there were ${counted(then.size, 'record')} at ${new Date(then.at).toISOString()}, and there are ${now.size}: records are missing`;
  }
  const { path } = await client.consistency(then.size, now.size);
  if (isConsistent(then, now, path)) return undefined;
  return `the log of now does not go on from the one of ${new Date(then.at).toISOString()}: one of its first ${counted(then.size, 'record')} was changed, removed or added`;
}

function lastNote(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (fault) {
    throw new CommandError(`${file} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
  const last = readCheckpoints(text).lines.at(-1);
  if (last === undefined) throw new CommandError(`${file} holds no checkpoint`);
  if (!last.note.ok) throw new CommandError(`${file}, line ${last.line}: ${last.note.error}`);
  return last.note.value;
}

function opened(note: string, publicKey: KeyObject, what: string): Checkpoint {
  const checkpoint = openCheckpoint(note, publicKey);
  if (!checkpoint.ok) throw new CommandError(`${what} is not to be believed: ${checkpoint.error}`);
  return checkpoint.value;
}
