import type { Attributes } from '../../client/types.ts';
import { decodeUtf8 } from '../../core/utf8.ts';
import type { Message } from '../messages/message.ts';
import type { Header } from './bearer.ts';

/** Where a message says what `Mcp-Name` repeats (MCP 2026-07-28, "Streamable HTTP"). */
const NAMED_BY: { readonly [method: string]: string } = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'resources/subscribe': 'uri',
  'resources/unsubscribe': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/result': 'taskId',
  'tasks/cancel': 'taskId',
};
const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
const BASE64 = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;
/** What a header cannot say as it is has to be encoded: then both can be compared. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * What a header says of the message that the message itself does not: something in front would act by the one, the server
 * by the other. Undefined where every header that is there says the same.
 */
export function mirrorFault(header: Header, message: Message): string | undefined {
  const method = 'method' in message ? message.method : undefined;
  const params: Attributes = ('method' in message ? message.params : undefined) ?? {};
  const named = method === undefined ? undefined : NAMED_BY[method];
  const meta = params._meta as Attributes | null | undefined;
  const mirrored: readonly (readonly [name: string, said: unknown, mayBeLeftOut: boolean])[] = [
    ['mcp-method', method, false],
    ['mcp-name', named === undefined || !Object.hasOwn(params, named) ? undefined : params[named], false],
    // Clients of earlier revisions say it in the header alone.
    ['mcp-protocol-version', meta?.[PROTOCOL_VERSION], true],
  ];
  for (const [name, said, mayBeLeftOut] of mirrored) {
    const value = header(name);
    if (value === undefined || (said === undefined && mayBeLeftOut)) continue;
    if (said === undefined || decodeHeader(value) !== said)
      return `the header ${name} says something else than the message`;
  }
  return undefined;
}

/** The text that a header stands for; undefined where it stands for none. */
function decodeHeader(value: string): string | undefined {
  const trimmed = value.trim();
  const encoded = BASE64.exec(trimmed)?.[1];
  if (encoded === undefined) return PLAIN.test(trimmed) ? trimmed : undefined;
  return decodeUtf8(Buffer.from(encoded, 'base64'));
}
