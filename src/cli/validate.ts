import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { type Context, EXIT, type Finish, printProblems } from './command.ts';
import { flagsOf, withConfigFlags } from './config-flags.ts';

/** Every mistake in model, policies, delegations and seed, without a server. Exits 1 where there is one. */
export function validateCommand({ terminal, now }: Context, finish: Finish): Command {
  const command = new Command('validate')
    .description('report every error of model, policies and delegations')
    .option('--json', 'print JSON');
  return withConfigFlags(command, ['model', 'policies', 'seed']).action(async ({ json, ...options }) => {
    const config = loadConfig(flagsOf(options), terminal.env);
    if (!config.ok) {
      printProblems(terminal, config.error);
      return finish(EXIT.fault);
    }
    const { validate } = await import('./run-validate.ts');
    return finish(validate(config.value, { json: json === true, now: now() }, terminal));
  });
}
