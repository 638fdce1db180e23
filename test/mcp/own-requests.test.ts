import { expect, test } from 'vitest';
import type { Request } from '../../src/mcp/messages/message.ts';
import { OwnRequests } from '../../src/mcp/own-requests.ts';

function opened(timeoutMs?: number) {
  const sent: Request[] = [];
  const own = new OwnRequests((request) => sent.push(request), timeoutMs);
  return { sent, own };
}

test('asks with ids of its own, takes their answers and nobody else’s', async () => {
  const { sent, own } = opened();
  const first = own.listTools();
  const second = own.listTools('p2');
  expect(sent).toEqual([
    { jsonrpc: '2.0', id: 'behalf:1', method: 'tools/list', params: {} },
    { jsonrpc: '2.0', id: 'behalf:2', method: 'tools/list', params: { cursor: 'p2' } },
  ]);
  expect(own.take({ jsonrpc: '2.0', id: 1, result: {} })).toBe(false);
  expect(own.take({ jsonrpc: '2.0', id: 'behalf:3', result: {} })).toBe(false);
  expect(own.take({ jsonrpc: '2.0', id: 'behalf:1', method: 'ping' })).toBe(false);
  expect(own.take({ jsonrpc: '2.0', id: 'behalf:2', result: { tools: [2] } })).toBe(true);
  expect(own.take({ jsonrpc: '2.0', id: 'behalf:1', error: { code: -32601, message: 'no' } })).toBe(true);
  expect(await second).toEqual({ tools: [2] });
  await expect(first).rejects.toMatchObject({ code: -32601 });
  expect(own.take({ jsonrpc: '2.0', id: 'behalf:2', result: {} })).toBe(false);
});

test('a server that does not answer, or ends, is not waited for', async () => {
  const { own } = opened(10);
  await expect(own.listTools()).rejects.toThrow('did not answer tools/list within 10 ms');
  const { own: other } = opened();
  const asked = other.listTools();
  other.close();
  await expect(asked).rejects.toThrow('ended');
  await expect(other.listTools()).rejects.toThrow('ended');
});
