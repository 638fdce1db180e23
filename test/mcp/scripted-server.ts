import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an MCP server should not do, or does rarely: each request is answered as the test says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: { readonly method: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
}

export type Script = (message: Message, reply: ServerResponse, request: IncomingMessage) => unknown;

interface Message {
  readonly id?: string | number;
  readonly method?: string;
}

export async function startScripted(script: Script): Promise<ScriptedServer> {
  const requests: ScriptedServer['requests'] = [];
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ method: request.method ?? '', headers: request.headers, body });
    const message = body === '' ? {} : JSON.parse(body);
    if (message.method === 'tools/list' && String(message.id).startsWith('behalf:')) {
      return sendJson(reply, message, { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] });
    }
    return script(message, reply, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(reply: ServerResponse, { id }: Message, result: object, headers: object = {}): void {
  reply.writeHead(200, { 'content-type': 'application/json', ...headers });
  reply.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

export function openStream(reply: ServerResponse): void {
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.flushHeaders();
}
