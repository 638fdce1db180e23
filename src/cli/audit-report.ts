import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Verification } from '../audit/verify/verify-directory.ts';
import type { AuditReport, ChainResult } from '../engine/report/report-data.ts';
import { readPublicKey } from './audit-key.ts';
import { type AuditPlace, type AuditPlaceOptions, auditPlaceOf, timeOption, withAuditFiles } from './audit-sources.ts';
import { CommandError, type Context, connect, EXIT, type Finish } from './command.ts';
import { counted } from './layout.ts';

interface ReportCommandOptions extends AuditPlaceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly output?: string;
  readonly json?: string;
  readonly sample?: string;
  readonly unusedDays?: string;
  readonly expiringDays?: string;
  readonly publicKey?: string;
}

/** What is asked for, wherever it is made. */
interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly sample: number;
  readonly unusedDays: number;
  readonly expiringDays: number;
}

const DAY_MS = 24 * 3600 * 1000;
/** The period where none is said. */
const DEFAULT_DAYS = 30;
const PROGRESS_MS = 1000;

/** Writes the evidence of a period as one HTML file, and as data. Exits 1 where the evidence is against somebody. */
export function auditReportCommand(context: Context, finish: Finish): Command {
  const { terminal } = context;
  return new Command('report')
    .description('write the evidence of a period: one readable HTML file, and its data')
    .option(
      '--from <TIME>',
      `from then on: 2030-01-31 or 2030-01-31T12:00:00Z (default ${DEFAULT_DAYS} days before --to)`,
    )
    .option('--to <TIME>', 'until then (default: the end of today, UTC)')
    .option('--output <FILE>', 'the HTML file')
    .option('--json <FILE>', 'its data')
    .option('--sample <NUMBER>', 'decisions that are decided again', '1000')
    .option('--unused-days <NUMBER>', 'point out delegations that carried nothing for so long', '30')
    .option('--expiring-days <NUMBER>', 'point out delegations that end so soon', '30')
    .option('--log <DIR>', 'a copy of the log directory, which is verified; goes with --store')
    .option('--store <FILE>', 'a copy of the store; opening it begins an epoch in it')
    .option('--public-key <FILE>', "the node's public key, from somewhere else than the directory; goes with --log")
    .option('--url <URL>', 'the server that is asked instead (BEHALF_URL)')
    .option('--key <KEY>', 'the key to ask with (BEHALF_KEY): of the role audit or administer')
    .action(async (options: ReportCommandOptions) => {
      if (options.output === undefined && options.json === undefined) {
        throw new CommandError('say where to: --output report.html, --json data.json, or both');
      }
      const place = auditPlaceOf(options);
      if (options.publicKey !== undefined && place.kind === 'server') {
        throw new CommandError('--public-key verifies the files of a log: it goes with --log');
      }
      const wanted = toWanted(options, context.now());
      const report =
        place.kind === 'server'
          ? await fromServer(options, wanted, context)
          : await fromFiles(place, options.publicKey, wanted, context);
      await write(report, options);
      for (const file of [options.output, options.json]) if (file !== undefined) terminal.out(`written: ${file}`);
      const against = accusations(report);
      for (const one of against) terminal.err(`${terminal.paint('bad', 'fault')}: ${one}`);
      return finish(against.length === 0 ? EXIT.ok : EXIT.no);
    });
}

function toWanted(options: ReportCommandOptions, now: number): Wanted {
  const to = timeOption('--to', options.to) ?? (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  const from = timeOption('--from', options.from) ?? to - DEFAULT_DAYS * DAY_MS;
  if (from >= to) throw new CommandError('--from must be before --to');
  return {
    from,
    to,
    sample: count('--sample', options.sample, 100_000),
    unusedDays: count('--unused-days', options.unusedDays, 3650),
    expiringDays: count('--expiring-days', options.expiringDays, 3650),
  };
}

function count(flag: string, text: string | undefined, most: number): number {
  if (text !== undefined && /^\d{1,6}$/.test(text) && Number(text) <= most) return Number(text);
  throw new CommandError(`${flag}: "${text}" is no number from 0 to ${most}`);
}

async function fromFiles(
  place: Extract<AuditPlace, { kind: 'files' }>,
  publicKey: string | undefined,
  wanted: Wanted,
  context: Context,
): Promise<AuditReport> {
  const { terminal, now } = context;
  const key = publicKey === undefined ? undefined : readPublicKey(publicKey);
  return withAuditFiles(place, context, async ({ records, store, strange }) => {
    const [{ collectReport }, { verifyDirectory }] = await Promise.all([
      import('../engine/report/report.ts'),
      import('../audit/verify/verify-directory.ts'),
    ]);
    const verified = verifyDirectory(place.log, key === undefined ? {} : { publicKey: key });
    let last = now();
    const looked = (done: number, of: number): void => {
      if (now() - last < PROGRESS_MS) return;
      last = now();
      terminal.err(`${done.toLocaleString('en')} of ${of.toLocaleString('en')} records`);
    };
    const sources = { store, records, statesFrom: 'changes', pause: () => undefined } as const;
    return collectReport(sources, { ...wanted, looked }, chainOf(verified, strange));
  });
}

function chainOf(verified: Verification, strange: string | undefined): ChainResult {
  const { newest } = verified.checkpoints;
  const told = ({ file, line, message }: Verification['faults'][number]): string =>
    `${file}${line === undefined ? '' : `, line ${line}`}: ${message}`;
  const faults = [...(strange === undefined ? [] : [strange]), ...verified.faults.map(told)];
  return {
    verified: faults.length === 0 ? 'unchanged' : 'changed',
    records: verified.records,
    first: verified.first,
    checkpoints: verified.checkpoints.verified,
    changes: verified.changes,
    faults: verified.unlisted === 0 ? faults : [...faults, `and ${counted(verified.unlisted, 'more fault')}`],
    notes: verified.notes.map(told),
    ...(newest === undefined
      ? undefined
      : { checkpoint: { size: newest.size, time: new Date(newest.at).toISOString(), root: newest.root } }),
  };
}

async function fromServer(options: ReportCommandOptions, wanted: Wanted, { terminal }: Context): Promise<AuditReport> {
  const { from, to, sample, unusedDays, expiringDays } = wanted;
  const { json: _file, ...remote } = options;
  return connect(remote, terminal, REPORT_TIMEOUT_MS).report({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    sample,
    unused_days: unusedDays,
    expiring_days: expiringDays,
  });
}

/** A server looks at millions of records beside its other work. */
const REPORT_TIMEOUT_MS = 3600 * 1000;

async function write(report: AuditReport, { output, json }: ReportCommandOptions): Promise<void> {
  if (output !== undefined) {
    const { renderReport } = await import('../report/render.ts');
    place(output, renderReport(report));
  }
  if (json !== undefined) place(json, `${JSON.stringify(report, null, 2)}\n`);
}

function place(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (fault) {
    throw new CommandError(`${file} cannot be written: ${fault instanceof Error ? fault.message : fault}`);
  }
}

/** What in it is not as it must be. */
function accusations({ chain, replay, revocations }: AuditReport): readonly string[] {
  return [
    ...(chain.verified === 'changed' ? [`the log is not as it was written: ${chain.faults[0] ?? ''}`] : []),
    ...(replay.faults > 0 ? [`${counted(replay.faults, 'decision')} come out otherwise when decided again`] : []),
    ...(revocations.violation_count > 0
      ? [`${counted(revocations.violation_count, 'decision')} allow through what had ended`]
      : []),
  ];
}
