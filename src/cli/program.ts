import { Command, CommanderError } from 'commander';
import { applyCommand } from './apply.ts';
import { auditCommand } from './audit.ts';
import { bundlesCommand } from './bundles.ts';
import { callersCommand } from './callers.ts';
import { checkCommand } from './check.ts';
import { type Context, EXIT, printFault } from './command.ts';
import { diffCommand } from './diff.ts';
import { explainCommand, whyCommand } from './explain.ts';
import { grantCommand } from './grant.ts';
import { importCommand } from './import-mcp.ts';
import { mcpProxyCommand } from './mcp-proxy.ts';
import { publishCommand } from './publish.ts';
import { revokeCommand } from './revoke.ts';
import { rollbackCommand } from './rollback.ts';
import { serveCommand } from './serve.ts';
import { testCommand } from './test.ts';
import { treeCommand } from './tree.ts';
import { validateCommand } from './validate.ts';

/** Runs the command that the arguments name (without node and script) and answers its exit status. */
export async function runProgram(args: readonly string[], context: Context): Promise<number> {
  let status: number = EXIT.fault;
  const finish = (code: number): void => {
    status = code;
  };
  const program = new Command('behalf')
    .description('May this agent do this, to that, on whose behalf?')
    .version(context.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false);
  for (const [heading, commands] of [
    ['The server:', [serveCommand, validateCommand, callersCommand]],
    ['Model and policies:', [testCommand, publishCommand, bundlesCommand, rollbackCommand, diffCommand]],
    ['Asking:', [checkCommand, explainCommand, whyCommand, auditCommand]],
    ['Delegating:', [grantCommand, revokeCommand, treeCommand, applyCommand]],
    ['Enforcing:', [mcpProxyCommand, importCommand]],
  ] as const) {
    for (const make of commands) program.addCommand(make(context, finish).helpGroup(heading));
  }
  prepare(program, context);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (fault) {
    // Commander has printed help, version or what is wrong with the arguments itself.
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? EXIT.ok : EXIT.fault;
    printFault(context.terminal, fault);
    return EXIT.fault;
  }
  return status;
}

/** Commands do not inherit these settings from the one that they are added to. */
function prepare(command: Command, context: Context): void {
  const { terminal } = context;
  command
    .exitOverride()
    .showHelpAfterError(`(${wholeName(command)} --help says more)`)
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
    });
  for (const sub of command.commands) prepare(sub, context);
}

/** With the commands that it is below: `behalf audit verify`. */
function wholeName(command: Command): string {
  return command.parent === null ? command.name() : `${wholeName(command.parent)} ${command.name()}`;
}
