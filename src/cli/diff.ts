import { type Command, InvalidArgumentError } from 'commander';
import { BehalfError, type BundleDiffRequest } from '../client/client.ts';
import {
  type Context,
  connect,
  EXIT,
  type Finish,
  printJson,
  printProblems,
  type RemoteOptions,
  remoteCommand,
} from './command.ts';
import { counted } from './layout.ts';

interface DiffOptions extends RemoteOptions {
  readonly requests?: string;
  readonly decisions?: number;
}

export function diffCommand({ terminal }: Context, finish: Finish): Command {
  return remoteCommand('diff', 'which decisions would flip under another bundle; exits 1 where any does')
    .argument('<old>', 'a bundle: a directory that holds model/ and policies/, a digest, or current')
    .argument('<new>', 'the other one')
    .option('--requests <FILE>', 'decide these instead: one AuthZEN evaluation as JSON a line')
    .option('--decisions <N>', 'how many recorded decisions to take again, newest first (default: 100)', toCount)
    .addHelpText('after', '\nExample:\n  behalf diff current . --decisions 500')
    .action(async (old: string, fresh: string, options: DiffOptions) => {
      const { readChoice, readRequests } = await import('./diff-input.ts');
      const sides = [readChoice(old), readChoice(fresh)] as const;
      const asked: BundleDiffRequest = {
        old: sides[0].choice,
        new: sides[1].choice,
        ...(options.requests === undefined ? undefined : { requests: readRequests(options.requests) }),
        ...(options.decisions === undefined ? undefined : { decisions: options.decisions }),
      };
      try {
        const diff = await connect(options, terminal).bundles.diff(asked);
        if (options.json === true) printJson(terminal, diff);
        else {
          const { describeDiff } = await import('./describe-diff.ts');
          terminal.out(describeDiff(diff, { old, new: fresh }, options.requests, terminal));
        }
        return finish(diff.flips.length > 0 ? EXIT.no : EXIT.ok);
      } catch (fault) {
        if (!(fault instanceof BehalfError) || fault.problem?.problems === undefined) throw fault;
        const { problems } = fault.problem;
        const side = fault.message.startsWith('the old') ? sides[0] : sides[1];
        printProblems(terminal, problems.map(side.inPlace));
        terminal.err(`error: a bundle with ${counted(problems.length, 'error')} decides nothing`);
        return finish(EXIT.fault);
      }
    });
}

function toCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,3}$/.test(text) || count < 1 || count > 500) throw new InvalidArgumentError('a number from 1 to 500');
  return count;
}
