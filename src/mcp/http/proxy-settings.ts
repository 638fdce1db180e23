import { validateHeaderName, validateHeaderValue } from 'node:http';
import { err, ok, type Result } from '../../core/result.ts';
import { type Headers, isHopByHop } from './headers.ts';

/** The address of an MCP endpoint, or what is wrong with it. */
export function toUpstreamAddress(text: string): Result<URL, string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return ok(url);
  return err(`"${text}" is not the address of an MCP endpoint, like https://mcp.example.com/mcp`);
}

/** Headers for the server, or what is wrong with them. */
export function toUpstreamHeaders(
  headers: readonly { readonly name: string; readonly value: string }[],
): Result<Headers, string> {
  const lines = new Map<string, string[]>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // The value may be a secret: it is not repeated.
      return err(
        `the header "${name}" for the server cannot be sent: a name is letters, digits and hyphens, a value one line`,
      );
    }
    if (isHopByHop(key) || SET_BY_THE_PROXY.has(key)) return err(`the header "${name}" is for the proxy itself to set`);
    lines.set(key, [...(lines.get(key) ?? []), value]);
  }
  return ok(Object.fromEntries(lines));
}

const SET_BY_THE_PROXY: ReadonlySet<string> = new Set([
  'host',
  'accept',
  'accept-encoding',
  'content-length',
  'content-type',
  'mcp-session-id',
  'mcp-protocol-version',
  'last-event-id',
]);
