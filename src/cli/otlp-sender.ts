import { CommandError } from './command.ts';

/** What a receiver made of a request. */
export interface Taken {
  /** Records or spans that it refused for good, and why. */
  readonly rejected: number;
  readonly message?: string;
}

export interface SenderOptions {
  /** The base address, `http://127.0.0.1:4318`; `/v1/logs` or `/v1/traces` is appended. */
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Milliseconds after which a receiver that takes nothing is given up; endless where the log is followed. */
  readonly patienceMs: number;
  /** Hears of each attempt that failed. */
  readonly tell: (text: string) => void;
  /** Between 0 and 1; default `Math.random`. */
  readonly random?: () => number;
}

/** Milliseconds: of one request, and between attempts (twice as long after each, up to the longest). */
const TIMEOUT_MS = 10_000;
const BACKOFF = { firstMs: 500, longestMs: 30_000 };
/** A receiver that asks for more time than this is asked again earlier. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;
/** "Retryable Response Codes" (opentelemetry-proto, docs/specification.md); no others may be. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** The receiver finds the request too large (413): fewer records may fit. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** Sends OTLP messages in JSON over HTTP, one after the other, each until it is taken or refused for good. */
export class OtlpSender {
  private readonly options: SenderOptions;

  constructor(options: SenderOptions) {
    this.options = options;
  }

  /**
   * @throws TooLarge for 413
   * @throws CommandError where the receiver refuses the message, cannot be reached for too long, or `signal` ended it
   */
  async send(path: '/v1/logs' | '/v1/traces', message: object): Promise<Taken> {
    const { url, signal, patienceMs, tell, random = Math.random } = this.options;
    const target = `${url.replace(/\/+$/, '')}${path}`;
    const body = JSON.stringify(message);
    let waited = 0;
    for (let backoffMs = BACKOFF.firstMs; ; backoffMs = Math.min(2 * backoffMs, BACKOFF.longestMs)) {
      const answer = await this.post(target, body);
      if (answer.kind === 'taken') return answer.taken;
      if (answer.kind === 'too_large') throw new TooLarge(answer.why);
      if (signal.aborted) throw new CommandError(`${target}: ended before it was taken`);
      if (answer.kind !== 'again') throw new CommandError(`${target} refuses the records: ${answer.why}`);
      const pauseMs = answer.retryAfterMs ?? backoffMs * (0.5 + random() / 2);
      if (waited + pauseMs > patienceMs) throw new CommandError(`${target} does not take the records: ${answer.why}`);
      tell(`${target}: ${answer.why}; again in ${(pauseMs / 1000).toFixed(1)} s`);
      waited += pauseMs;
      await pause(pauseMs, signal);
    }
  }

  private async post(target: string, body: string): Promise<Answer> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(target, {
        method: 'POST',
        headers: { ...this.options.headers, 'content-type': 'application/json' },
        body,
        // A redirect could lead the records to somebody else.
        redirect: 'error',
        signal: AbortSignal.any([this.options.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      text = await response.text();
    } catch (fault) {
      return { kind: 'again', why: reasonOf(fault) };
    }
    if (response.ok) return { kind: 'taken', taken: takenOf(text) };
    const why = `${response.status} ${messageOf(text)}`.trim();
    if (response.status === 413) return { kind: 'too_large', why };
    if (!RETRYABLE.has(response.status)) return { kind: 'refused', why };
    const retryAfterMs = retryAfter(response.headers.get('retry-after'));
    return { kind: 'again', why, ...(retryAfterMs === undefined ? undefined : { retryAfterMs }) };
  }
}

type Answer =
  | { readonly kind: 'taken'; readonly taken: Taken }
  | { readonly kind: 'again'; readonly why: string; readonly retryAfterMs?: number }
  | { readonly kind: 'too_large' | 'refused'; readonly why: string };

/** `partialSuccess` of an answer: never to be sent again. 64-bit integers may be text. */
function takenOf(text: string): Taken {
  const partial = (parse(text) as { readonly partialSuccess?: { readonly [name: string]: unknown } } | undefined)
    ?.partialSuccess;
  const rejected = Number(partial?.rejectedLogRecords ?? partial?.rejectedSpans ?? 0);
  const message = partial?.errorMessage;
  return {
    rejected: Number.isFinite(rejected) ? rejected : 0,
    ...(typeof message === 'string' && message !== '' ? { message: message.slice(0, 500) } : undefined),
  };
}

/** `google.rpc.Status` has a message; anything else is shown as it is, shortened. */
function messageOf(text: string): string {
  const message = (parse(text) as { readonly message?: unknown } | undefined)?.message;
  return (typeof message === 'string' ? message : text).slice(0, 200);
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
  });
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  // What fetch rejects with says only that it failed; the cause says why.
  return fault.cause instanceof Error ? fault.cause.message || fault.cause.name : fault.message;
}
