import { Command } from 'commander';
import type { ChangeMirror, ChangeSource } from '../audit/changes/change-mirror.ts';
import type { Evidence } from '../audit/checkpoints/evidence.ts';
import type { EvidenceOptions } from '../audit/checkpoints/file-evidence.ts';
import { type DecisionLog, LogError } from '../audit/log.ts';
import type { RedactionOptions } from '../audit/privacy/redaction.ts';
import type { RecordSource } from '../audit/records/record-source.ts';
import type { RetentionOptions } from '../audit/segments/retention.ts';
import { Behalf, BehalfError } from '../client/client.ts';
import type { CallerRow } from '../core/change.ts';
import { shorten } from '../core/entity.ts';
import { readJson } from '../core/json/read-json.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import type { Result } from '../core/result.ts';
import type { Failure } from '../engine/failure.ts';
import { type Store, StoreError } from '../store/store.ts';
import type { App } from '../wire/app.ts';
import { type Terminal, toPrintableJson } from './terminal.ts';

/** The implementations that main.ts brings together. */
export interface Rooms {
  openStore(path: string, options?: { readonly cacheKey?: Uint8Array }): Store;
  openLog(directory: string, node: string, options: LogOptions): DecisionLog;
  openRecords(directory: string): RecordSource;
  openMirror(directory: string, store: ChangeSource): ChangeMirror;
  openEvidence(options: EvidenceOptions): Evidence;
  buildServer(app: App): Listener;
  /** A new caller's row from what was asked for, and its key; or what is wrong with it, field by field. */
  makeCaller(
    fields: object,
  ): Result<
    { readonly row: CallerRow; readonly key: string },
    readonly { readonly field: string; readonly message: string }[]
  >;
}

/** What a log is told besides its place. */
export interface LogOptions {
  readonly environment?: string;
  readonly commit?: string;
  readonly reserveBytes: number;
  readonly segmentBytes?: number;
  readonly redaction?: RedactionOptions;
  readonly retention?: RetentionOptions;
}

/** A server that can be started and stopped. */
export interface Listener {
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Takes no more requests, and waits until every connection is closed. */
  close(): Promise<unknown>;
  readonly server: { closeIdleConnections(): void; closeAllConnections(): void };
}

export interface Context {
  readonly terminal: Terminal;
  readonly version: string;
  /** Loaded when a command needs them: asking a server must not wait for the server's code. */
  readonly loadRooms: () => Promise<Rooms>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves when the process is told to stop. */
  readonly stopped: () => Promise<unknown>;
}

/** Exit statuses: what was asked for is so; it is not (denied, errors found); it could not be answered. */
export const EXIT = { ok: 0, no: 1, fault: 2 } as const;

/** Somewhere for a command's status to go: commander's actions return nothing. */
export type Finish = (status: number) => void;

const DEFAULT_URL = 'http://127.0.0.1:7420';
/** Longer than any answer of the server waits; a person would not wait longer. */
const TIMEOUT_MS = 30_000;

export interface RemoteOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** A command that asks a server. */
export function remoteCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--url <URL>', `the server (BEHALF_URL; default ${DEFAULT_URL})`)
    .option('--key <KEY>', 'the key to ask with (BEHALF_KEY); none for a server with --dev')
    .option('--json', 'print JSON');
}

export function urlOf(options: RemoteOptions, { env }: Terminal): string {
  return options.url ?? env.BEHALF_URL ?? DEFAULT_URL;
}

export function connect(options: RemoteOptions, terminal: Terminal, timeoutMs = TIMEOUT_MS): Behalf {
  const key = options.key ?? terminal.env.BEHALF_KEY;
  return new Behalf({
    url: urlOf(options, terminal),
    timeoutMs,
    ...(key === undefined || key === '' ? undefined : { key }),
  });
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(toPrintableJson(value, 2));
}

/** Why a command could not do what was asked, for whoever typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What went wrong, with every detail there is. */
export function printFault(terminal: Terminal, fault: unknown): void {
  if (fault instanceof BehalfError) {
    const { code, message, problem } = fault;
    printFailure(terminal, { code, message, errors: problem?.errors ?? [] });
    if (code === 'unreachable') terminal.err('is the server running? behalf serve, or --url for another one');
    return;
  }
  if (!(fault instanceof Error)) {
    terminal.err(`error: ${String(fault)}`);
    return;
  }
  // Where in the code it happened helps only with what is a bug.
  const isExpected = fault instanceof CommandError || fault instanceof StoreError || fault instanceof LogError;
  terminal.err(`error: ${isExpected ? fault.message : (fault.stack ?? fault.message)}`);
}

export function printFailure(
  terminal: Terminal,
  { code, message, errors }: Pick<Failure, 'message' | 'errors'> & { readonly code: string },
): void {
  // The message lists the fields as well, for whoever sees nothing else; here each has a line of its own.
  const listed = errors?.[0] === undefined ? -1 : message.indexOf(`: ${errors[0].field}: `);
  terminal.err(`error: ${listed < 0 ? message : message.slice(0, listed)} (${code})`);
  for (const { field, message: detail, asked, allowed } of errors ?? []) {
    const said = detail.startsWith(`${field}: `) ? detail.slice(field.length + 2) : detail;
    terminal.err(`  ${field}: ${asked === undefined ? said : `asked ${asked}; allowed ${allowed}`}`);
  }
}

export function printProblems(terminal: Terminal, problems: readonly Problem[]): void {
  for (const problem of problems) terminal.err(formatProblem(problem));
}

/** The JSON value that a text is, or the text itself: `--attr amount=5` is a number, `--attr tag=draft` is text. */
export function parseValue(text: string): unknown {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const read = readJson(text);
  if (!read.ok) throw new CommandError(`"${shorten(text)}" ${read.error}`);
  return read.value;
}
