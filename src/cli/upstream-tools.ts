import type { Transport } from '@modelcontextprotocol/client';
import { CommandError } from './command.ts';

/** An MCP server: a command that speaks MCP on its standard streams, or an address that speaks Streamable HTTP. */
export type Upstream =
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'url'; readonly url: URL; readonly headers: Readonly<Record<string, string>> };

interface Options {
  readonly version: string;
  /** The environment of a server that is started, except for Behalf's key: what it may ask is none of its business. */
  readonly env: { readonly [name: string]: string | undefined };
}

/** Milliseconds for one answer of the server. */
const TIMEOUT_MS = 30_000;
/** Pages of one list: a server that never comes to an end must not keep the command waiting for ever. */
const MOST_PAGES = 256;
/** Characters of what a server said on its standard error that are shown where it failed. */
const MOST_SAID = 2000;
/**
 * Some servers list tools only to a client that can be asked something: everything is to be reviewed. It is answered
 * that there is no such method, should the server ask.
 */
const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

/**
 * Connects to a server and lists its tools: the entries of `result.tools` of all pages, as they were sent, whatever
 * they are. Throws a CommandError that says what went wrong.
 */
export async function listUpstreamTools(upstream: Upstream, options: Options): Promise<readonly unknown[]> {
  const { Client } = await import('@modelcontextprotocol/client');
  const { transport, said } = await open(upstream, options.env);
  const client = new Client({ name: 'behalf', version: options.version }, { capabilities: CAPABILITIES });
  try {
    await client.connect(transport, { timeout: TIMEOUT_MS });
    if (client.getServerCapabilities()?.tools === undefined) throw new CommandError('the server offers no tools');
    return await allPages((params) =>
      client.request({ method: 'tools/list', params }, AS_SENT, { timeout: TIMEOUT_MS }),
    );
  } catch (fault) {
    if (fault instanceof CommandError) throw fault;
    const why = fault instanceof Error ? fault.message : String(fault);
    const last = said().trim().slice(-MOST_SAID);
    throw new CommandError(`${nameOf(upstream)}: ${why}${last === '' ? '' : `\nit said:\n${last}`}`);
  } finally {
    await client.close().catch(() => undefined);
  }
}

/**
 * The client's own schemas would drop what they do not know, and with it what a digest is to be of. (A Standard
 * Schema, standardschema.dev, which accepts everything.)
 */
const AS_SENT = {
  '~standard': { version: 1, vendor: 'behalf', validate: (value: unknown) => ({ value }) },
} as const;

async function allPages(ask: (params: { readonly cursor?: string }) => Promise<unknown>): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 1; page <= MOST_PAGES; page++) {
    const result = (await ask(cursor === undefined ? {} : { cursor })) as {
      readonly tools?: unknown;
      readonly nextCursor?: unknown;
    };
    if (!Array.isArray(result.tools)) throw new CommandError('the server answered tools/list without a list of tools');
    all.push(...result.tools);
    if (typeof result.nextCursor !== 'string') return all;
    cursor = result.nextCursor;
  }
  throw new CommandError(`the server's list of tools has not ended after ${MOST_PAGES} pages`);
}

async function open(
  upstream: Upstream,
  env: Options['env'],
): Promise<{ readonly transport: Transport; readonly said: () => string }> {
  if (upstream.kind === 'url') {
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const transport = new StreamableHTTPClientTransport(upstream.url, { requestInit: { headers: upstream.headers } });
    return { transport, said: () => '' };
  }
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const { command, args } = upstream;
  const passed = Object.entries(env).filter(([name, value]) => value !== undefined && name !== 'BEHALF_KEY');
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: Object.fromEntries(passed) as Record<string, string>,
    stderr: 'pipe',
  });
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2 * MOST_SAID);
  });
  return { transport, said: () => said };
}

function nameOf(upstream: Upstream): string {
  return upstream.kind === 'url' ? upstream.url.href : upstream.command;
}
