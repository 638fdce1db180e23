import type { IncomingMessage } from 'node:http';
import { isElsewhere } from '../../core/browser-request.ts';
import { LIMITS } from '../../core/limits.ts';
import { isLoopbackAuthority, isLoopbackHost } from '../../core/loopback.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Header } from './bearer.ts';
import { mediaType } from './headers.ts';
import { type HttpRefusal, refusal } from './refusal.ts';

/** The methods of the Streamable HTTP transport (MCP 2025-11-25, "Transports"). */
const METHODS = ['POST', 'GET', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

/** Of these a server may take another one than the proxy does, where there are two. */
const ONLY_ONCE = [
  'authorization',
  'origin',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'last-event-id',
  'content-type',
];

export interface AdmissionRules {
  readonly path: string;
  readonly allowedOrigins: ReadonlySet<string>;
  /** Whoever reaches the proxy may send something without a credential. */
  readonly open: boolean;
  /** The header that names the origin, lower case. */
  readonly originHeader: string | undefined;
}

export interface Admitted {
  readonly method: Method;
  readonly header: Header;
}

/** What can be said of a request before anybody looks at who sends it. */
export function admit(request: IncomingMessage, rules: AdmissionRules): Result<Admitted, HttpRefusal> {
  const { headersDistinct, url = '' } = request;
  const origin = headersDistinct.origin?.join() ?? '';
  if (origin !== '' && !isAllowedOrigin(origin, rules.allowedOrigins)) {
    // A page that a browser shows could have its name resolve to this machine ("Security Warning" of the transport).
    return err(refusal(403, `the origin ${origin.slice(0, 128)} is not allowed here`));
  }
  const host = headersDistinct.host?.join() ?? '';
  if (rules.open && !isOwnHost(host, rules.allowedOrigins)) {
    // With a name of its own that resolves here, a page is of the same origin as the proxy (DNS rebinding).
    return err(
      refusal(403, `the Host ${host.slice(0, 128)} is none of loopback: without credentials only that is answered`),
    );
  }
  if (origin === '' && isElsewhere(headersDistinct['sec-fetch-site']?.join())) {
    return err(refusal(403, 'a page of another site may not send anything here (Sec-Fetch-Site)'));
  }
  if (url.split('?', 1)[0] !== rules.path) return err(refusal(404, `the MCP endpoint is ${rules.path}`));
  const method = METHODS.find((known) => known === request.method);
  if (method === undefined) {
    return err(refusal(405, `use ${METHODS.join(', ')}`, { allow: METHODS.join(', ') }));
  }
  const names = rules.originHeader === undefined ? ONLY_ONCE : [...ONLY_ONCE, rules.originHeader];
  const twice = names.find((name) => (headersDistinct[name]?.length ?? 0) > 1);
  if (twice !== undefined) return err(refusal(400, `the header ${twice} is there more than once: send it once`));
  return ok({ method, header: (name) => headersDistinct[name]?.[0] });
}

/** Scheme, host and port as browsers write them (RFC 6454, section 6.2); `null`, of sandboxed pages, is nobody's. */
function isAllowedOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  if (allowed.has(origin)) return true;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === origin && isLoopbackHost(url.hostname);
}

function isOwnHost(host: string, allowed: ReadonlySet<string>): boolean {
  if (isLoopbackAuthority(host)) return true;
  return [...allowed].some((origin) => URL.canParse(origin) && new URL(origin).host === host.toLowerCase());
}

/** The body of a POST: one JSON text of at most so many bytes. Rejects where the client breaks off. */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Result<Buffer, HttpRefusal>> {
  if (mediaType(request.headers) !== 'application/json') {
    return err(refusal(415, 'a message is sent with Content-Type: application/json'));
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    return err(refusal(415, 'a message is sent without Content-Encoding', { 'accept-encoding': 'identity' }));
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
    // Read on for a while: whoever is still sending would not see the answer.
    else if (bytes > mostBytes + LIMITS.messageBytes) break;
  }
  if (bytes > mostBytes) {
    return err(refusal(413, `a message has at most ${mostBytes} bytes`, { connection: 'close' }));
  }
  return ok(Buffer.concat(chunks));
}
