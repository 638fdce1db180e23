import { Command } from 'commander';
import { CONFIG_KEYS, type Config, loadConfig } from '../config.ts';
import { isLoopbackHost } from '../core/loopback.ts';
import { type Context, EXIT, type Finish, printProblems } from './command.ts';
import { type ConfigKey, flagsOf, withConfigFlags } from './config-flags.ts';
import { counted, labelled } from './layout.ts';
import { shown } from './read-sources.ts';
import type { Running } from './start-server.ts';

export function serveCommand({ terminal, version, loadRooms, now, stopped }: Context, finish: Finish): Command {
  const command = new Command('serve')
    .description('run the server')
    .addHelpText(
      'after',
      '\nEvery flag is also a variable (--store-id: BEHALF_STORE_ID) and a key of the file (store_id).\nA flag beats the environment, which beats the file.',
    );
  return withConfigFlags(command, Object.keys(CONFIG_KEYS) as readonly ConfigKey[]).action(async (options) => {
    const config = loadConfig(flagsOf(options), terminal.env);
    if (!config.ok) {
      printProblems(terminal, config.error);
      return finish(EXIT.fault);
    }
    // Listened for before the start, so that a signal meanwhile is not lost.
    const stop = stopped();
    const { startServer } = await import('./start-server.ts');
    const started = await startServer(config.value, await loadRooms(), now, (text) => terminal.out(text));
    if (!started.ok) {
      printProblems(terminal, started.error.problems);
      terminal.err(`error: not started: ${started.error.message}`);
      return finish(started.error.problems.length > 0 ? EXIT.no : EXIT.fault);
    }
    terminal.out(banner(started.value, config.value, version));
    for (const warning of started.value.warnings) terminal.err(`note: ${warning}`);
    await stop;
    terminal.out('stopping: answers under way are finished first');
    await started.value.close();
    return finish(EXIT.ok);
  });
}

function banner(running: Running, config: Config, version: string): string {
  const { ledger, seeded, url, bundle } = running;
  const { model, policies } = ledger.bundle;
  const parts = [
    model === undefined ? 'no model' : counted(model.types.size, 'type'),
    policies.kinds.size === 0 ? 'no policies' : `policies for ${[...policies.kinds].sort().join(', ')}`,
  ];
  const callers = [...ledger.callers()].length;
  const told = { published: 'published now', unchanged: 'unchanged', kept: 'from the store' }[bundle];
  const lines = labelled([
    ['store', `${shown(config.store)} at revision ${ledger.revision}`],
    [
      'log',
      `${shown(config.log)}, node ${config.node}${config.environment === undefined ? '' : `, ${config.environment}`}`,
    ],
    ['bundle', `${ledger.bundle.digest.slice(0, 19)} (${told}): ${parts.join(', ')}`],
    [
      'callers',
      config.dev
        ? `--dev: without a key everybody may do everything, on loopback only`
        : `${counted(callers, 'caller')} with ${callers === 1 ? 'a key' : 'keys'}${isLoopbackHost(config.host) ? '' : `, reachable at ${config.host}`}`,
    ],
    [
      'seeded',
      seeded &&
        `${seeded.entities} entities, ${counted(seeded.tuples, 'relationship')}, ${counted(seeded.delegations, 'delegation')}`,
    ],
    ['docs', `${url}/openapi.json`],
  ]);
  return `behalf ${version} serves ${url}\n\n${lines}\n`;
}
