import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
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

interface ProofOptions extends RemoteOptions {
  readonly output?: string;
}

/** The proof that one decision is in the log, for whoever is not to get the rest of it. */
export function auditProofCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('proof', 'the proof that a decision is in the log, as JSON, to hand on without the rest of it')
    .argument('<id>', 'the id of the decision')
    .option('--output <FILE>', 'write it into a new file')
    .action(async (id: string, options: ProofOptions) => {
      const proof = await connect(options, terminal).proof(id);
      if (options.output === undefined) printJson(terminal, proof);
      else {
        write(options.output, `${JSON.stringify(proof, null, 2)}\n`);
        terminal.out(`the proof of ${id} is in ${options.output}: behalf audit verify-proof checks it`);
      }
      return finish(EXIT.ok);
    });
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (fault) {
    throw new CommandError(`${path} cannot be written: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}
