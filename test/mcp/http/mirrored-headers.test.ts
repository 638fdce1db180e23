import { expect, test } from 'vitest';
import { mirrorFault } from '../../../src/mcp/http/mirrored-headers.ts';
import type { Message } from '../../../src/mcp/messages/message.ts';

const message = (method: string, params: object = {}): Message => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: params as never,
});
const CALL = message('tools/call', { name: 'pay', arguments: {} });
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;
const VERSION = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };

function fault(headers: { readonly [name: string]: string }, of: Message = CALL): string | undefined {
  return mirrorFault((name) => headers[name], of);
}

test.each<[string, { readonly [name: string]: string }, Message]>([
  ['none', {}, CALL],
  ['both the same', { 'mcp-method': 'tools/call', 'mcp-name': 'pay' }, CALL],
  ['with space around', { 'mcp-name': ' pay ' }, CALL],
  ['encoded', { 'mcp-name': base64('zählen') }, message('tools/call', { name: 'zählen' })],
  ['a URI', { 'mcp-name': 'file:///a' }, message('resources/read', { uri: 'file:///a' })],
  ['a version that the message does not say', { 'mcp-protocol-version': '2025-11-25' }, CALL],
  ['the same version', { 'mcp-protocol-version': '2026-07-28' }, message('ping', VERSION)],
])('%s: no contradiction', (_what, headers, of) => {
  expect(fault(headers, of)).toBeUndefined();
});

test.each<[string, { readonly [name: string]: string }, Message]>([
  ['another method', { 'mcp-method': 'tools/list' }, CALL],
  ['another name', { 'mcp-name': 'read' }, CALL],
  ['another case', { 'mcp-name': 'Pay' }, CALL],
  ['a name that the message does not have', { 'mcp-name': 'pay' }, message('tools/list')],
  ['the name of something that has none', { 'mcp-name': 'pay' }, message('ping', { name: 'pay' })],
  ['another name, encoded', { 'mcp-name': base64('read') }, CALL],
  ['bytes that are no text, for nothing', { 'mcp-name': '=?base64?/w==?=' }, message('tools/list')],
  ['what no header can say, for nothing', { 'mcp-name': 'p\xe4y' }, message('tools/list')],
  ['bytes that are no text', { 'mcp-name': '=?base64?/w==?=' }, CALL],
  ['another version', { 'mcp-protocol-version': '2025-11-25' }, message('ping', VERSION)],
  ['a method for an answer', { 'mcp-method': 'tools/call' }, { jsonrpc: '2.0', id: 1, result: {} }],
])('%s: refused', (_what, headers, of) => {
  expect(fault(headers, of)).toContain('something else');
});
