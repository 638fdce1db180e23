import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import type { StoredDecision } from '../audit/log.ts';
import { type Signal, toOtlpLogs, toOtlpTraces } from '../export/otlp.ts';
import { CommandError } from './command.ts';
import { OtlpSender, type SenderOptions, TooLarge } from './otlp-sender.ts';
import { toPrintableJson } from './terminal.ts';

/** Where an export goes. */
export interface Sink {
  /** Resolves once the records are there; rejects where they could not be brought there. */
  take(records: readonly StoredDecision[]): Promise<void>;
  /** Records or spans that the other side has refused for good. */
  readonly rejected: number;
  close(): void;
}

/** The texts of a batch, each a line. */
export type LinesOf = (records: readonly StoredDecision[]) => readonly object[];

function jsonLine(value: object): string {
  return toPrintableJson(value);
}

/** Lines to whatever reads standard output. */
export function outputSink(linesOf: LinesOf, out: (text: string) => void): Sink {
  return {
    rejected: 0,
    async take(records) {
      out(linesOf(records).map(jsonLine).join('\n'));
    },
    close() {},
  };
}

/** Lines appended to a file, and on disk when they are taken. */
export function fileSink(linesOf: LinesOf, path: string): Sink {
  const fd = opened(path);
  return {
    rejected: 0,
    async take(records) {
      const bytes = Buffer.from(`${linesOf(records).map(jsonLine).join('\n')}\n`);
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      fdatasyncSync(fd);
    },
    close: () => closeSync(fd),
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (fault) {
    throw new CommandError(`${path} cannot be written: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}

/** OTLP over HTTP: logs, traces or both, of which each is sent until it is taken. */
export function otlpSink(signals: readonly Signal[], now: () => number, options: SenderOptions): Sink {
  const sender = new OtlpSender(options);
  let rejected = 0;
  const send = async (signal: Signal, records: readonly StoredDecision[]): Promise<void> => {
    try {
      const taken =
        signal === 'logs'
          ? await sender.send('/v1/logs', toOtlpLogs(records, now()))
          : await sender.send('/v1/traces', toOtlpTraces(records));
      rejected += taken.rejected;
      if (taken.rejected > 0 || taken.message !== undefined) {
        options.tell(`${signal}: ${taken.rejected} refused${taken.message === undefined ? '' : `: ${taken.message}`}`);
      }
    } catch (fault) {
      if (!(fault instanceof TooLarge)) throw fault;
      const half = Math.floor(records.length / 2);
      if (half === 0)
        throw new CommandError(`${options.url} finds record ${records[0]?.id} too large: ${fault.message}`);
      await send(signal, records.slice(0, half));
      await send(signal, records.slice(half));
    }
  };
  return {
    get rejected() {
      return rejected;
    },
    async take(records) {
      for (const signal of signals) await send(signal, records);
    },
    close() {},
  };
}
