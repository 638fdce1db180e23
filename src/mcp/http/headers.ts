import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Names in lower case; several lines of one name are a list. */
export type Headers = { readonly [name: string]: string | readonly string[] | undefined };

/** Meant for one connection, not for what lies behind it (RFC 9110, sections 7.6.1, 6.6.2 and 11.7), or set anew. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  // Answered by this server itself, before the message goes on.
  'expect',
]);
/** They describe the bytes of a body, and are wrong for any other (RFC 9110, section 8; RFC 9530). */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  'etag',
  'digest',
  'content-digest',
  'repr-digest',
  'content-md5',
  'signature',
  'signature-input',
]);

export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/** The end-to-end headers of a message. */
export function endToEnd(message: IncomingMessage): Headers {
  const nominated = (message.headers.connection ?? '').toLowerCase().split(',');
  const dropped = new Set(nominated.map((name) => name.trim()));
  const headers = Object.entries(message.headersDistinct);
  return Object.fromEntries(headers.filter(([name]) => !isHopByHop(name) && !dropped.has(name)));
}

/** Without those that are named. */
export function without(headers: Headers, dropped: (name: string) => boolean): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped(name)));
}

/** What Node's http takes. */
export function toNode(headers: Headers): OutgoingHttpHeaders {
  const lines = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    lines.map(([name, value]) => [name, typeof value === 'string' ? value : [...(value ?? [])]]),
  );
}

/** The headers of an answer whose body is another than that which they came with. */
export function forOtherBytes(headers: Headers): Headers {
  return without(headers, (name) => OF_THE_BYTES.has(name) || name === 'content-length');
}

/** `application/json` of `application/json; charset=utf-8`; empty where nothing is said. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
