import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopbackHost } from '../../core/loopback.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { serverNameFault } from '../binding/entity-name.ts';
import { senderIdentification } from './bearer.ts';
import { HttpEndpoint } from './endpoint.ts';
import type { HttpProxy, HttpProxyOptions } from './proxy-options.ts';
import { toUpstreamAddress, toUpstreamHeaders } from './proxy-settings.ts';
import { Upstream } from './upstream.ts';

/** Milliseconds for a whole message to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Starts an enforcement point in front of one MCP server: the Streamable HTTP transport of MCP 2025-03-26, 2025-06-18
 * and 2025-11-25. What clients and the server say passes byte for byte or not at all, except lists, of which the
 * entries pass that may be used. Resolves once it listens, or says why it does not.
 */
export async function startHttpProxy(options: HttpProxyOptions): Promise<Result<HttpProxy, string>> {
  const { host = '127.0.0.1', port = 0, path = '/mcp' } = options;
  const unnamed = serverNameFault(options.server);
  if (unnamed !== undefined) return err(unnamed);
  const address = toUpstreamAddress(options.upstream);
  if (!address.ok) return address;
  const own = toUpstreamHeaders(options.upstreamHeaders ?? []);
  if (!own.ok) return own;
  const identify = senderIdentification(options.senders);
  if (!identify.ok) return identify;
  if (!/^\/[^?#]*$/.test(path)) return err(`"${path}" is not the path of an endpoint, like /mcp`);
  if (options.senders.anonymous !== undefined && !isLoopbackHost(host)) {
    return err(
      `${host} is reachable from other machines, and requests without credentials would be accepted: listen on 127.0.0.1, or accept keys or access tokens only`,
    );
  }
  const upstream = new Upstream(address.value, own.value);
  const endpoint = new HttpEndpoint(options, path, identify.value, upstream);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, reply) => {
    endpoint.serve(request, reply);
  });
  const bound = await listen(server, port, host);
  if (!bound.ok) {
    upstream.close();
    return bound;
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return ok({
    url: `http://${name}:${bound.value.port}${path}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      upstream.close();
      await closed;
    },
  });
}

function listen(server: Server, port: number, host: string): Promise<Result<AddressInfo, string>> {
  return new Promise((resolve) => {
    server.once('error', (fault) => resolve(err(`cannot listen on ${host}:${port}: ${fault.message}`)));
    server.listen(port, host, () => resolve(ok(server.address() as AddressInfo)));
  });
}
