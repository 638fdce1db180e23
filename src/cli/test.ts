import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { type Context, EXIT, type Finish, printProblems } from './command.ts';
import { flagsOf, withConfigFlags } from './config-flags.ts';

/** Tests of policies and models, without a server. Exits 1 where one fails. */
export function testCommand({ terminal, now }: Context, finish: Finish): Command {
  const command = new Command('test')
    .description('run the tests of policies (*_test.yaml, as Cerbos has them) and of the model (*.fga.yaml, OpenFGA)')
    .argument('[path]', 'the policies, the model, a directory that holds both as policies/ and model/, or one test')
    .option('--junit <FILE>', 'write the results as JUnit XML, too')
    .option('--json', 'print JSON');
  return withConfigFlags(command, ['model', 'policies']).action(
    async (path: string | undefined, { junit, json, ...options }) => {
      const config = loadConfig(flagsOf(options), terminal.env);
      if (!config.ok) {
        printProblems(terminal, config.error);
        return finish(EXIT.fault);
      }
      const { runTest } = await import('./run-test.ts');
      return finish(runTest(config.value, path, { junit, json: json === true, now: now() }, terminal));
    },
  );
}
