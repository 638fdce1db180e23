import { Command, Option } from 'commander';
import type { StoredDecision } from '../audit/log.ts';
import type { RecordSource } from '../audit/records/record-source.ts';
import type { Signal } from '../export/otlp.ts';
import { timeOption } from './audit-sources.ts';
import { CommandError, type Context, EXIT, type Finish } from './command.ts';
import { readCursor, writeCursor } from './export-cursor.ts';
import type { LinesOf, Sink } from './export-sink.ts';
import { DirectoryWatch, type Exported, tailRecords } from './export-tail.ts';
import type { Terminal } from './terminal.ts';

type Format = 'records' | 'cerbos' | 'ocsf' | 'otlp';

interface ExportOptions {
  readonly log: string;
  readonly follow?: boolean;
  readonly from?: string;
  readonly format: Format;
  readonly output?: string;
  readonly otlp?: string;
  readonly signal?: Signal;
  readonly cursor?: string;
}

/** Milliseconds that a receiver may take nothing before an export that does not follow the log gives up. */
const PATIENCE_MS = 60_000;
/**
 * Milliseconds by which a record's time may lie before that of a record before it: results of later pages of a search
 * have the time of the first one.
 */
const LATE_MS = 60 * 60_000;

/** `behalf audit export`: the decision log in the shapes that other tools read, once or as it grows. */
export function auditExportCommand(context: Context, finish: Finish): Command {
  return new Command('export')
    .description('the decision log as other tools read it, from its files alone: once, or as it grows')
    .requiredOption('--log <DIR>', 'the log directory, of a node that runs or a copy')
    .option('--follow', 'go on with what is recorded from now on, until the command is stopped')
    .option('--from <ID|TIME>', 'begin with this record, or with the decisions from this time on; default: the oldest')
    .addOption(
      new Option('--format <FORMAT>', 'what each line is')
        .choices(['records', 'cerbos', 'ocsf', 'otlp'])
        .default('records'),
    )
    .option('--output <FILE>', 'append to this file; default: standard output')
    .option('--otlp <URL>', 'send to this OTLP/HTTP receiver (headers: OTEL_EXPORTER_OTLP_HEADERS)')
    .addOption(
      new Option('--signal <SIGNAL>', 'with OTLP: only one; default: both to a receiver, logs to a file').choices([
        'logs',
        'traces',
      ]),
    )
    .option('--cursor <FILE>', 'remember there what was taken, and go on after it the next time')
    .addHelpText(
      'after',
      '\nEvery record is exported at least once: the cursor moves after the records were taken, so after a crash some come again.\nExits 1 where the receiver refused records for good, 2 where the export could not go on.',
    )
    .action(async (options: ExportOptions) => {
      checkOptions(options);
      return finish(await runExport(options, context));
    });
}

function checkOptions({ format, output, otlp, signal }: ExportOptions): void {
  if (otlp !== undefined) {
    if (!URL.canParse(otlp) || !/^https?:$/.test(new URL(otlp).protocol)) {
      throw new CommandError(`--otlp: "${otlp}" is not the address of a receiver, like http://127.0.0.1:4318`);
    }
    if (output !== undefined) throw new CommandError('take --output FILE or --otlp URL, not both');
    if (format !== 'records' && format !== 'otlp') {
      throw new CommandError(`--otlp sends OTLP: leave --format ${format} away`);
    }
  } else if (signal !== undefined && format !== 'otlp') {
    throw new CommandError('--signal belongs to --format otlp or --otlp URL');
  }
}

async function runExport(options: ExportOptions, { terminal, stopped, now }: Context): Promise<number> {
  const { openRecordFiles } = await import('../audit/records/record-files.ts');
  const source = openRecordFiles(options.log);
  const { after, notBefore } = beginning(options, source);
  const ended = new AbortController();
  if (options.follow === true) void stopped().then(() => ended.abort());
  const sink = await openSink(options, terminal, now, ended.signal);
  const watching = options.follow === true ? new DirectoryWatch(options.log, ended.signal) : undefined;
  try {
    const batches = tailRecords(source, {
      after,
      notBefore,
      wait: async () => (await watching?.wait()) ?? false,
      onGap: (first, last) =>
        terminal.err(`note: the records ${first} to ${last} were removed before they were exported`),
    });
    for await (const batch of batches) {
      try {
        await sink.take(batch);
      } catch (fault) {
        // What was under way comes again the next time.
        if (ended.signal.aborted) break;
        throw fault;
      }
      const last = batch.at(-1);
      if (options.cursor !== undefined && last !== undefined) writeCursor(options.cursor, last);
      if (ended.signal.aborted) break;
    }
  } finally {
    watching?.close();
    sink.close();
  }
  return sink.rejected === 0 ? EXIT.ok : EXIT.no;
}

/** Where to begin: after the cursor, where there is one that was written already, else with `--from`. */
function beginning(
  { cursor, from }: ExportOptions,
  source: RecordSource,
): { readonly after: Exported; readonly notBefore?: number } {
  const kept = cursor === undefined ? undefined : readCursor(cursor, source);
  if (from === undefined) return { after: kept ?? { sequence: source.range().first - 1 } };
  const isId = /^d_[0-9a-v]{10,12}_/.test(from);
  const at = isId ? undefined : timeOption('--from', from);
  if (kept !== undefined) return { after: kept, ...(at === undefined ? undefined : { notBefore: at }) };
  if (at !== undefined) return { after: { sequence: firstSince(at - LATE_MS, source) - 1 }, notBefore: at };
  const sequence = Number.parseInt(from.slice(2, from.lastIndexOf('_', 15)), 32);
  if (source.at(sequence)?.id !== from) throw new CommandError(`--from: there is no record ${from} in this log`);
  return { after: { sequence: sequence - 1 } };
}

/** The sequence of a record before which none is as late as a time, by halving. */
function firstSince(at: number, source: RecordSource): number {
  let { first: low, last: high } = source.range();
  for (high += 1; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    if ((source.at(middle)?.at ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function openSink(
  { format, output, otlp, signal, follow }: ExportOptions,
  terminal: Terminal,
  now: () => number,
  ended: AbortSignal,
): Promise<Sink> {
  const { fileSink, otlpSink, outputSink } = await import('./export-sink.ts');
  if (otlp !== undefined) {
    return otlpSink(signal === undefined ? ['logs', 'traces'] : [signal], now, {
      url: otlp,
      headers: otlpHeaders(terminal.env.OTEL_EXPORTER_OTLP_HEADERS),
      signal: ended,
      patienceMs: follow === true ? Number.POSITIVE_INFINITY : PATIENCE_MS,
      tell: (text) => terminal.err(`note: ${text}`),
    });
  }
  const lines = await linesOf(format, signal ?? 'logs', now);
  return output === undefined ? outputSink(lines, (text) => terminal.out(text)) : fileSink(lines, output);
}

async function linesOf(format: Format, signal: Signal, now: () => number): Promise<LinesOf> {
  switch (format) {
    case 'records': {
      const { recordJson } = await import('../wire/behalf/record-json.ts');
      return each((record) => recordJson(record, (revision) => String(revision)));
    }
    case 'cerbos': {
      const { toCerbos } = await import('../export/cerbos.ts');
      return each(toCerbos);
    }
    case 'ocsf': {
      const { toOcsf } = await import('../export/ocsf.ts');
      return each(toOcsf);
    }
    case 'otlp': {
      const { toOtlpLogs, toOtlpTraces } = await import('../export/otlp.ts');
      return (records) => [signal === 'logs' ? toOtlpLogs(records, now()) : toOtlpTraces(records)];
    }
  }
}

function each(line: (record: StoredDecision) => object): LinesOf {
  return (records) => records.map(line);
}

/** `name=value,name=value`, percent-encoded (OpenTelemetry, "OTLP Exporter Configuration"; W3C Baggage). */
function otlpHeaders(text: string | undefined): { readonly [name: string]: string } {
  const pairs = (text ?? '').split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals).trim();
      if (equals < 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
        throw new CommandError('OTEL_EXPORTER_OTLP_HEADERS must be like name=value,name=value');
      }
      return [name, decodeURIComponent(pair.slice(equals + 1).trim())];
    }),
  );
}
