import { expect, test } from 'vitest';
import { Behalf } from '../../src/client/client.ts';
import { Guard } from '../../src/mcp/guard.ts';
import { remotePoint } from '../../src/mcp/remote-point.ts';
import type { Sender } from '../../src/mcp/sender.ts';

const OF_REQUEST = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OF_MESSAGE = '00-11111111111111111111111111111111-2222222222222222-00';

/** The `traceparent` that the decision point is sent for a message. */
async function sent(sender: Partial<Sender>, meta: object | undefined): Promise<string | null | undefined> {
  let header: string | null | undefined;
  const client = new Behalf({
    url: 'http://127.0.0.1:1',
    fetch: async (_url, init) => {
      header = new Headers(init?.headers).get('traceparent');
      return Response.json({
        evaluations: [{ decision: true, context: { id: 'd_1', reason: 'allowed', revision: 'r.1' } }],
      });
    },
  });
  const guard = new Guard({ server: 'erp', point: remotePoint(client), listTools: async () => ({ tools: [] }) });
  const params = { uri: 'file:///a', ...(meta === undefined ? undefined : { _meta: meta }) } as {
    readonly uri: string;
  };
  const asks = { actor: 'agent:a', on_behalf_of: 'user:alice' };
  await guard.fromClient({ jsonrpc: '2.0', id: 1, method: 'resources/read', params }, { asks, token: {}, ...sender });
  return header;
}

test.each([
  ['the request that brought it', { trace: OF_REQUEST }, undefined, OF_REQUEST],
  ['its own _meta first', { trace: OF_REQUEST }, { traceparent: OF_MESSAGE }, OF_MESSAGE],
  ['its own _meta alone', {}, { traceparent: OF_MESSAGE }, OF_MESSAGE],
  ['the request, where its own is malformed', { trace: OF_REQUEST }, { traceparent: 'x\r\ny: z' }, OF_REQUEST],
  ['nobody, where there is none', {}, { traceparent: 7 }, null],
])('the trace of a message is that of %s', async (_what, sender, meta, expected) => {
  expect(await sent(sender, meta)).toBe(expected);
});
