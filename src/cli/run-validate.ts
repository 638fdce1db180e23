import type { Config } from '../config.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import type { Bundle } from '../core/snapshot.ts';
import { parseSeed, seedProblems } from '../engine/parse-seed.ts';
import { seedFaults } from '../engine/seed.ts';
import { readTextFile } from '../text-file.ts';
import { checkSources } from './check-sources.ts';
import { EXIT, printJson, printProblems } from './command.ts';
import { counted } from './layout.ts';
import { readSources, shown } from './read-sources.ts';
import type { Terminal } from './terminal.ts';

/** Prints everything that is wrong with the sources that the configuration names; answers the exit status. */
export function validate(
  config: Config,
  options: { readonly json: boolean; readonly now: number },
  terminal: Terminal,
): number {
  const sources = readSources(config);
  if (!sources.ok) {
    printProblems(terminal, sources.error);
    return EXIT.fault;
  }
  if (sources.value.absent) {
    terminal.err(
      'error: there is neither a directory model nor a directory policies here: --model DIR, --policies DIR',
    );
    return EXIT.fault;
  }
  const { bundle, delegations } = checkSources(sources.value, options.now);
  const problems = [
    ...(bundle.ok ? [] : bundle.error),
    ...(delegations.ok ? [] : delegations.error),
    ...(config.seed === undefined ? [] : checkSeed(config.seed, bundle.ok ? bundle.value : undefined)),
  ];
  if (options.json) {
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
  return problems.length === 0 ? EXIT.ok : EXIT.no;
}

function checkSeed(path: string, bundle: Bundle | undefined): readonly Problem[] {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (fault) {
    return [{ file: shown(path), message: `cannot be read: ${fault instanceof Error ? fault.message : fault}` }];
  }
  const parsed = parseSeed({ path: shown(path), text });
  if (!parsed.ok) return parsed.error;
  return bundle === undefined ? [] : seedProblems(parsed.value, seedFaults(parsed.value, { bundle }));
}
