import { Command } from 'commander';
import type { ReplayPage } from '../client/replay-types.ts';
import { drawPlaces, isWithin, type Period, placesOf } from '../engine/replay/choose.ts';
import { differenceText } from '../engine/replay/differences.ts';
import type { ReplayFault, ReplayTotals } from '../engine/replay/replay-records.ts';
import { type AuditFiles, type AuditPlaceOptions, auditPlaceOf, timeOption, withAuditFiles } from './audit-sources.ts';
import { CommandError, type Context, connect, EXIT, type Finish, printJson } from './command.ts';
import { counted, labelled } from './layout.ts';
import type { Terminal } from './terminal.ts';

interface ReplayOptions extends AuditPlaceOptions {
  readonly all?: boolean;
  readonly sample?: string;
  readonly seed?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** What is asked for, wherever it is done. */
interface Wanted extends Period {
  readonly sample: number | undefined;
  readonly seed: string | undefined;
}

/** What came of it, wherever it was done. */
interface Outcome {
  readonly totals: ReplayTotals;
  readonly seed: string | undefined;
  /** What is wrong with the store as a whole. */
  readonly storeFaults: readonly string[];
}

const DEFAULT_SAMPLE = 1000;
const MOST_SAMPLED = 100_000;
/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 1000;

/** Decides recorded decisions again, each at its own state. Exits 1 where one comes out otherwise. */
export function auditReplayCommand(context: Context, finish: Finish): Command {
  const { terminal, now } = context;
  return new Command('replay')
    .description('decide recorded decisions again, each at its own revision, bundle and time, and compare everything')
    .option('--sample <NUMBER>', `so many, drawn at random (default ${DEFAULT_SAMPLE})`)
    .option('--all', 'every one')
    .option('--seed <TEXT>', 'what is drawn by; default the hash of the last record, so that others draw the same')
    .option('--from <TIME>', 'decided at or after it: 2030-01-31 or 2030-01-31T12:00:00Z')
    .option('--to <TIME>', 'decided before it')
    .option('--log <DIR>', 'a copy of the log directory; goes with --store')
    .option('--store <FILE>', 'a copy of the store; opening it begins an epoch in it')
    .option('--url <URL>', 'the server that is asked instead (BEHALF_URL)')
    .option('--key <KEY>', 'the key to ask with (BEHALF_KEY): of the role audit or administer')
    .option('--json', 'print JSON')
    .action(async (options: ReplayOptions) => {
      const place = auditPlaceOf(options);
      const wanted = toWanted(options);
      const started = now();
      const progress = progressOn(terminal, now);
      const outcome =
        place.kind === 'server'
          ? await onServer(options, wanted, terminal, progress)
          : await withAuditFiles(place, context, (files) => onFiles(files, wanted, progress));
      const seconds = Math.max(0.001, (now() - started) / 1000);
      if (options.json === true) printJson(terminal, outcomeJson(outcome));
      else print(terminal, outcome, seconds);
      const isSame = outcome.totals.faults === 0 && outcome.storeFaults.length === 0;
      return finish(isSame ? EXIT.ok : EXIT.no);
    });
}

function toWanted({ all, sample, seed, from, to }: ReplayOptions): Wanted {
  if (all === true && (sample !== undefined || seed !== undefined)) {
    throw new CommandError('take --all, or --sample (and --seed), not both');
  }
  if (sample !== undefined && !(/^[1-9]\d{0,5}$/.test(sample) && Number(sample) <= MOST_SAMPLED)) {
    throw new CommandError(`--sample: "${sample}" is no number from 1 to ${MOST_SAMPLED}; --all takes every record`);
  }
  const period = { from: timeOption('--from', from), to: timeOption('--to', to) };
  if (period.from !== undefined && period.to !== undefined && period.from >= period.to) {
    throw new CommandError('--from must be before --to');
  }
  return { ...period, sample: all === true ? undefined : Number(sample ?? DEFAULT_SAMPLE), seed };
}

async function onFiles({ records, store, strange }: AuditFiles, wanted: Wanted, progress: Progress): Promise<Outcome> {
  const [{ History }, { replayRecords }, { rowFaults }, { noBundle }] = await Promise.all([
    import('../engine/replay/history.ts'),
    import('../engine/replay/replay-records.ts'),
    import('../engine/replay/row-faults.ts'),
    import('../engine/bundles/no-bundle.ts'),
  ]);
  const range = placesOf(records, wanted);
  const { sample } = wanted;
  const seed = sample === undefined ? undefined : (wanted.seed ?? records.at(range.last)?.hash ?? '');
  const places = sample === undefined ? undefined : drawPlaces(range, sample, seed ?? '');
  const of = places?.length ?? Math.max(0, range.last - range.first + 1);
  const read = function* () {
    const all =
      places === undefined ? records.between(range.first, range.last) : places.flatMap((one) => records.at(one) ?? []);
    for (const record of all) if (isWithin(record.at, wanted)) yield record;
  };
  const history = new History({ store, fallback: noBundle(), from: 'changes', pause: () => undefined });
  const totals = await replayRecords(read(), history, {
    pause: () => undefined,
    looked: (count) => progress(count, of),
  });
  return { totals, seed, storeFaults: [...(strange === undefined ? [] : [strange]), ...rowFaults(store)] };
}

async function onServer(
  options: ReplayOptions,
  { from, to, sample, seed }: Wanted,
  terminal: Terminal,
  progress: Progress,
): Promise<Outcome> {
  const client = connect(options, terminal);
  const request = {
    ...(from === undefined ? undefined : { from: new Date(from).toISOString() }),
    ...(to === undefined ? undefined : { to: new Date(to).toISOString() }),
    ...(sample === undefined ? undefined : { sample }),
    ...(seed === undefined ? undefined : { seed }),
  };
  const { addTotals, NOTHING_REPLAYED } = await import('../engine/replay/replay-records.ts');
  let totals = NOTHING_REPLAYED;
  let page: ReplayPage;
  let after: string | undefined;
  do {
    page = await client.replays(request, after);
    totals = addTotals(totals, toTotals(page));
    progress(page.looked, page.of);
    after = page.next;
  } while (after !== undefined);
  return { totals, seed: page.seed, storeFaults: [] };
}

function toTotals({ replayed, same, faults, not_replayable, other_rules, faulty }: ReplayPage): ReplayTotals {
  return {
    replayed,
    same,
    faults,
    notReplayable: not_replayable,
    otherRules: other_rules,
    faulty: faulty.map(({ record, sequence, at, revision, differences, why }) => ({
      record,
      sequence,
      at: Date.parse(at),
      revision,
      differences: differences as ReplayFault['differences'],
      ...(why === undefined ? undefined : { why }),
    })),
  };
}

type Progress = (looked: number, of: number) => void;

/** Seconds of work are worth a word; less is not. */
function progressOn(terminal: Terminal, now: () => number): Progress {
  const started = now();
  let last = started;
  return (looked, of) => {
    if (now() - last < PROGRESS_MS) return;
    last = now();
    const rate = Math.round(looked / ((last - started) / 1000));
    terminal.err(`${said(looked)} of ${said(of)} records, ${said(rate)} a second`);
  };
}

function said(count: number): string {
  return count.toLocaleString('en');
}

function print(terminal: Terminal, { totals, seed, storeFaults }: Outcome, seconds: number): void {
  const { replayed, same, faults, notReplayable, otherRules, faulty } = totals;
  for (const fault of storeFaults) terminal.err(`${terminal.paint('bad', 'fault')}: ${fault}`);
  for (const { record, at, why, differences } of faulty) {
    const where = `${record}, decided ${new Date(at).toISOString()}`;
    terminal.err(`${terminal.paint('bad', 'fault')}: ${where}${why === undefined ? '' : `: ${why}`}`);
    for (const difference of differences.slice(0, 5)) terminal.err(`  ${differenceText(difference)}`);
    if (differences.length > 5) terminal.err(`  and ${counted(differences.length - 5, 'more difference')}`);
  }
  if (faults > faulty.length) terminal.err(`and ${counted(faults - faulty.length, 'more record')}`);
  const rules = otherRulesText(otherRules);
  terminal.out(
    labelled([
      ['replayed', `${said(replayed)} in ${seconds.toFixed(1)} s, ${said(Math.round(replayed / seconds))} a second`],
      ['drawn by', seed],
      ['same', said(same)],
      ['otherwise', said(faults)],
      ['not decided', notReplayable.stale === 0 ? undefined : `${said(notReplayable.stale)} (stale)`],
      ['redacted', notReplayable.redacted === 0 ? undefined : said(notReplayable.redacted)],
      ['other rules', rules],
    ]),
  );
  const wrong = faults + storeFaults.length;
  terminal.out(
    wrong === 0
      ? terminal.paint(
          'good',
          rules === undefined
            ? 'the same: every decision that was replayed comes out as it was recorded'
            : 'the same: every decision of the present rules comes out as it was recorded; of other rules nothing is shown',
        )
      : terminal.paint('bad', `not the same: ${counted(wrong, 'fault')}`),
  );
}

/** `3: 2 the same, 1 denied now`, or nothing where there are none. */
function otherRulesText({ same, denied, allowed, reasons, path }: ReplayTotals['otherRules']): string | undefined {
  const parts: readonly (readonly [count: number, what: string])[] = [
    [same, 'the same by these'],
    [denied, 'denied by these'],
    [allowed, 'allowed by these'],
    [reasons, 'for other reasons'],
    [path, 'by another path'],
  ];
  const found = parts.filter(([count]) => count > 0);
  if (found.length === 0) return undefined;
  const all = found.reduce((sum, [count]) => sum + count, 0);
  return `${said(all)}: ${found.map(([count, what]) => `${said(count)} ${what}`).join(', ')}`;
}

function outcomeJson({ totals, seed, storeFaults }: Outcome): object {
  const { replayed, same, faults, notReplayable, otherRules, faulty } = totals;
  return {
    same: faults === 0 && storeFaults.length === 0,
    replayed,
    decided_the_same: same,
    faults,
    not_replayable: notReplayable,
    other_rules: otherRules,
    ...(seed === undefined ? undefined : { seed }),
    store_faults: storeFaults,
    faulty: faulty.map((fault) => ({ ...fault, at: new Date(fault.at).toISOString() })),
  };
}
