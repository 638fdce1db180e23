import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** A tool as a server lists it; with whatever else a test wants in it. */
export interface ListedTool {
  readonly name: string;
  readonly [member: string]: unknown;
}

export interface ToolServer extends AsyncDisposable {
  readonly url: string;
  /** The headers of the last request. */
  readonly headers: () => IncomingMessage['headers'];
  /** What the server lists from now on. */
  list(tools: readonly ListedTool[] | undefined): void;
}

/**
 * A real MCP server over Streamable HTTP, built on the SDK, whose tools are what a test says; undefined: it offers
 * none. Its list comes two tools a page, and goes on for ever with `endless`.
 */
export async function startToolServer({ endless = false } = {}): Promise<ToolServer> {
  let tools: readonly ListedTool[] | undefined = [];
  let headers: IncomingMessage['headers'] = {};
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    headers = request.headers;
    const server = toServer(tools, endless);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    // The SDK's own transport does not fit its interface under exactOptionalPropertyTypes.
    await server.connect(transport as unknown as Parameters<Server['connect']>[0]);
    await transport.handleRequest(request, response);
  };
  const http = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    headers: () => headers,
    list: (listed) => {
      tools = listed;
    },
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const PAGE = 2;

function toServer(tools: readonly ListedTool[] | undefined, endless: boolean): Server {
  const capabilities = tools === undefined ? {} : { tools: {} };
  const server = new Server({ name: 'tools-under-test', version: '1.0.0' }, { capabilities });
  if (tools === undefined) return server;
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    const from = Number(params?.cursor ?? 0);
    const more = endless || from + PAGE < tools.length;
    const page = tools.slice(from, from + PAGE);
    return { tools: [...page], ...(more ? { nextCursor: String(from + PAGE) } : undefined) };
  });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
    content: [{ type: 'text', text: `called ${params.name}` }],
  }));
  return server;
}
