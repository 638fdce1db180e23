import { Command } from 'commander';
import { parseTime } from '../wire/behalf/time.ts';
import { CommandError, type Context, EXIT, type Finish, printJson } from './command.ts';
import { counted } from './layout.ts';

interface PruneCommandOptions {
  readonly log: string;
  readonly before: string;
  readonly dryRun?: boolean;
  readonly uncovered?: boolean;
  readonly json?: boolean;
}

const MIB = 1024 * 1024;

/** Removes whole old segments of a log that no server has open; a server does it by itself (log_keep_days). */
export function auditPruneCommand({ terminal }: Context, finish: Finish): Command {
  return new Command('prune')
    .description('remove whole segments with older records only; what stays is verified and proved as before')
    .requiredOption('--log <DIR>', 'the log directory, of a server that does not run')
    .requiredOption('--before <TIME>', 'remove segments whose newest record is older (RFC 3339)')
    .option('--dry-run', 'only say what would be removed')
    .option('--uncovered', 'also what no checkpoint covers: that it was there can then not be proved')
    .option('--json', 'print JSON')
    .action(async ({ log, before, dryRun = false, uncovered = false, json }: PruneCommandOptions) => {
      const time = parseTime(before);
      if (time === undefined) {
        throw new CommandError(`--before ${before} is no time: as RFC 3339 has it, 2026-01-31T00:00:00Z`);
      }
      const { pruneLog } = await import('../audit/segments/prune.ts');
      const { segments, first, bytes, held } = pruneLog(log, { before: time, dryRun, uncovered });
      if (json === true) {
        printJson(terminal, { removed: segments.map(({ path }) => path), first, bytes, held, dry_run: dryRun });
        return finish(EXIT.ok);
      }
      for (const { path } of segments) terminal.out(`${dryRun ? 'would remove' : 'removed'} ${path}`);
      terminal.out(
        `${counted(segments.length, 'segment')}, ${(bytes / MIB).toFixed(1)} MiB; the log ${dryRun ? 'would begin' : 'begins'} with record ${first}`,
      );
      if (held) {
        terminal.err('the next segment is old as well, but no checkpoint covers all of it: --uncovered removes it');
      }
      return finish(EXIT.ok);
    });
}
