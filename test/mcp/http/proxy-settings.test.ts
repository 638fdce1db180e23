import { expect, test } from 'vitest';
import { startHttpProxy } from '../../../src/mcp/http/proxy.ts';
import type { HttpProxyOptions } from '../../../src/mcp/http/proxy-options.ts';

const OPTIONS: HttpProxyOptions = {
  upstream: 'http://127.0.0.1:1/mcp',
  server: 'every',
  senders: { anonymous: { agent: 'agent:helper' } },
  point: () => ({ decide: async () => [] }),
};
const KEYS = { keys: async () => undefined };

test.each<[string, Partial<HttpProxyOptions>, string]>([
  ['no address', { upstream: 'localhost:3001' }, 'address of an MCP endpoint'],
  ['an address that is not HTTP', { upstream: 'ftp://mcp.example.com' }, 'address of an MCP endpoint'],
  ['a server without a usable name', { server: 'a/b' }, 'separator'],
  ['a path that is none', { path: 'mcp' }, 'path of an endpoint'],
  ['nobody who could send anything', { senders: {} }, 'nobody could send'],
  ['strangers from other machines', { host: '0.0.0.0' }, '0.0.0.0 is reachable'],
  ['an agent that is no entity', { senders: { anonymous: { agent: 'helper' } } }, 'has no type'],
  ['a person that is no entity', { senders: { ...KEYS, onBehalfOf: 'alice' } }, 'has no type'],
  [
    'two places that name the person',
    { senders: { ...KEYS, onBehalfOf: 'user:a', originHeader: 'x' } },
    'not from both',
  ],
  ['a header without a name', { senders: { ...KEYS, originHeader: 'x y' } }, 'name of a header'],
  ['a header that is two', { upstreamHeaders: [{ name: 'x', value: 'a\r\nb: c' }] }, 'cannot be sent'],
  ['a header of the transport', { upstreamHeaders: [{ name: 'Mcp-Session-Id', value: 'x' }] }, 'proxy itself'],
  ['a header of the connection', { upstreamHeaders: [{ name: 'Connection', value: 'x' }] }, 'proxy itself'],
])('does not start with %s', async (_, options, why) => {
  const started = await startHttpProxy({ ...OPTIONS, ...options });
  expect(started).toEqual({ ok: false, error: expect.stringContaining(why) });
});

test('does not start where somebody else listens, and stops when told', async () => {
  const first = await startHttpProxy(OPTIONS);
  if (!first.ok) throw new Error(first.error);
  const port = Number(new URL(first.value.url).port);
  expect(first.value.url).toBe(`http://127.0.0.1:${port}/mcp`);
  expect(await startHttpProxy({ ...OPTIONS, port })).toMatchObject({
    ok: false,
    error: expect.stringContaining('EADDRINUSE'),
  });
  await first.value.close();
  const second = await startHttpProxy({ ...OPTIONS, port, path: '/other' });
  expect(second).toMatchObject({ ok: true, value: { url: `http://127.0.0.1:${port}/other` } });
  if (second.ok) await second.value.close();
});
