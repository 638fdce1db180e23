import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import type { Bundle } from '../core/snapshot.ts';
import { seedFaults } from '../engine/seed.ts';
import { checkSources } from './check-sources.ts';
import { type Context, EXIT, type Finish, printJson, printProblems } from './command.ts';
import { counted } from './layout.ts';
import { parseSeed, seedProblems } from './parse-seed.ts';
import { readSources, shown } from './read-sources.ts';
import { flagsOf, withConfigFlags } from './serve.ts';

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
    const sources = readSources(config.value);
    if (!sources.ok) {
      printProblems(terminal, sources.error);
      return finish(EXIT.fault);
    }
    if (sources.value.absent) {
      terminal.err(
        'error: there is neither a directory model nor a directory policies here: --model DIR, --policies DIR',
      );
      return finish(EXIT.fault);
    }
    const { bundle, delegations } = checkSources(sources.value, now());
    const problems = [
      ...(bundle.ok ? [] : bundle.error),
      ...(delegations.ok ? [] : delegations.error),
      ...(config.value.seed === undefined ? [] : checkSeed(config.value.seed, bundle.ok ? bundle.value : undefined)),
    ];
    if (json === true) {
      const found = bundle.ok ? { bundle: bundle.value.digest } : undefined;
      printJson(terminal, { valid: problems.length === 0, ...found, problems });
    } else if (problems.length > 0) {
      for (const problem of problems) terminal.out(formatProblem(problem));
      const files = new Set(problems.map(({ file }) => file)).size;
      terminal.out(terminal.paint('bad', `\n${counted(problems.length, 'error')} in ${counted(files, 'file')}`));
    } else {
      const count = delegations.ok ? delegations.value.length : 0;
      const digest = bundle.ok ? bundle.value.digest.slice(0, 19) : '';
      terminal.out(
        `${terminal.paint('good', 'valid')}: ${counted(sources.value.files.length, 'file')} of model and policies, ${counted(count, 'delegation')}; bundle ${digest}`,
      );
    }
    return finish(problems.length === 0 ? EXIT.ok : EXIT.no);
  });
}

function checkSeed(path: string, bundle: Bundle | undefined): readonly Problem[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (fault) {
    return [{ file: shown(path), message: `cannot be read: ${fault instanceof Error ? fault.message : fault}` }];
  }
  const parsed = parseSeed({ path: shown(path), text });
  if (!parsed.ok) return parsed.error;
  return bundle === undefined ? [] : seedProblems(parsed.value, seedFaults(parsed.value, { bundle }));
}
