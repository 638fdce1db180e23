import { BehalfError } from '../client/client.ts';
import type { Problem } from '../core/problem.ts';
import { EXIT, printFailure, printProblems } from './command.ts';
import { counted } from './layout.ts';
import type { Terminal } from './terminal.ts';

/** Why a server did not take a bundle: its mistakes by their places, or what stands against it; the exit status. */
export function printRefusal(
  terminal: Terminal,
  fault: unknown,
  inPlace: (problem: Problem) => Problem = (problem) => problem,
): number {
  if (!(fault instanceof BehalfError)) throw fault;
  const problems = fault.problem?.problems;
  if (problems !== undefined && problems.length > 0) {
    printProblems(terminal, problems.map(inPlace));
    terminal.err(`error: refused with ${counted(problems.length, 'error')}; the bundle in force stays`);
    return EXIT.no;
  }
  if (fault.code !== 'conflict') throw fault;
  printFailure(terminal, { code: fault.code, message: fault.message, errors: [] });
  terminal.err('--allow-orphans publishes it all the same; the bundle in force stays');
  return EXIT.no;
}
