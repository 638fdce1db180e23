import { BehalfError, type Problem } from './errors.ts';

export interface ClientOptions {
  /** Where the server is, `http://127.0.0.1:7420`. */
  readonly url: string;
  /** A caller's key. Absent: only a server with `--dev` answers. */
  readonly key?: string;
  /** Milliseconds until a request counts as failed, its answer included. Default 5000. */
  readonly timeoutMs?: number;
  /** Another `fetch`, for tests and proxies. */
  readonly fetch?: typeof fetch;
}

export interface RequestOptions {
  /** The same key with the same request gives the first answer again (POST and PUT). */
  readonly idempotencyKey?: string;
  /** What the records of its decisions say that they belong to: 1 to 128 visible ASCII characters. */
  readonly requestId?: string;
  /** The `traceparent` (W3C Trace Context) that the records of its decisions are to have. */
  readonly trace?: string;
  readonly signal?: AbortSignal;
}

interface Sent extends RequestOptions {
  readonly body?: unknown;
  readonly query?: { readonly [name: string]: string | number | boolean | undefined };
  readonly accept?: string;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** One request, one answer; everything else is thrown as a `BehalfError`. */
export class Transport {
  private readonly options: ClientOptions;

  constructor(options: ClientOptions) {
    if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url)) {
      throw new BehalfError('invalid', `"${options.url}" is not the address of a server, like http://127.0.0.1:7420`);
    }
    this.options = options;
  }

  /** The answer's JSON, as the server's contract types it. */
  async json<T extends object>(method: string, path: string, sent: Sent = {}): Promise<T> {
    const text = await this.text(method, path, sent);
    const value = parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
    throw new BehalfError('malformed_answer', `${method} ${path} was answered with something that is not JSON`);
  }

  async text(method: string, path: string, sent: Sent = {}): Promise<string> {
    const url = new URL(`${this.options.url.replace(/\/+$/, '')}${path}`);
    for (const [name, value] of Object.entries(sent.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const send = this.options.fetch ?? fetch;
    let response: Response;
    let text: string;
    try {
      response = await send(url, {
        method,
        headers: this.headers(sent),
        signal: sent.signal === undefined ? timeout : AbortSignal.any([timeout, sent.signal]),
        // A redirect could lead the key, and the decision, to somebody else.
        redirect: 'error',
        ...(sent.body === undefined ? undefined : { body: JSON.stringify(sent.body) }),
      });
      text = await response.text();
    } catch (fault) {
      throw this.unanswered(fault, url, timeout);
    }
    if (!response.ok) throw refusal(response.status, text, `${method} ${path}`);
    return text;
  }

  private headers(sent: Sent): { readonly [name: string]: string } {
    const { key } = this.options;
    return {
      accept: sent.accept ?? 'application/json',
      ...(sent.body === undefined ? undefined : { 'content-type': 'application/json' }),
      ...(key === undefined ? undefined : { authorization: `Bearer ${key}` }),
      ...(sent.idempotencyKey === undefined ? undefined : { 'idempotency-key': sent.idempotencyKey }),
      ...(sent.requestId === undefined ? undefined : { 'x-request-id': sent.requestId }),
      ...(sent.trace === undefined ? undefined : { traceparent: sent.trace }),
    };
  }

  private unanswered(fault: unknown, url: URL, timeout: AbortSignal): BehalfError {
    if (timeout.aborted) {
      const after = this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      return new BehalfError('timeout', `${url.origin} did not answer within ${after} ms`, { cause: fault });
    }
    const cause = fault instanceof Error ? (fault.cause ?? fault) : fault;
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    return new BehalfError('unreachable', `no answer from ${url.origin}: ${why}`, { cause: fault });
  }
}

/** A problem of our own API (RFC 9457), or AuthZEN's `{error: {status, message}}`. */
function refusal(status: number, text: string, request: string): BehalfError {
  const body = parse(text);
  const problem = typeof body === 'object' && body !== null ? (body as Problem) : undefined;
  const authzen = (body as { readonly error?: { readonly message?: unknown } } | undefined)?.error;
  const message = problem?.detail ?? authzen?.message ?? `${request} was answered with status ${status}`;
  const code = problem?.code ?? CODES[status] ?? 'refused';
  return new BehalfError(code, String(message), { status, ...(problem === undefined ? undefined : { problem }) });
}

/** For answers that carry no code. */
const CODES: { readonly [status: number]: string } = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  413: 'limit_exceeded',
  503: 'unavailable',
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
