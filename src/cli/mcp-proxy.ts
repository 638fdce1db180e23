import { Command } from 'commander';
import { CommandError, type Context, type Finish } from './command.ts';
import { ENGINE_KEYS, withConfigFlags } from './config-flags.ts';
import type { PointOptions } from './open-point.ts';
import { collect } from './question.ts';

export interface McpProxyOptions extends PointOptions {
  readonly server: string;
  readonly agent?: string;
  readonly onBehalfOf?: string;
  readonly delegation?: string;
  readonly upstream?: string;
  readonly host?: string;
  readonly port?: string;
  readonly path?: string;
  readonly originHeader?: string;
  readonly jwks?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly subjectClaim?: string;
  readonly agentName: readonly string[];
  readonly upstreamHeader: readonly string[];
  readonly forwardAuthorization?: boolean;
  readonly allowOrigin: readonly string[];
  readonly decideInitialize?: boolean;
  readonly verbose?: boolean;
}

const UPSTREAM_ONLY = [
  'host',
  'port',
  'path',
  'originHeader',
  'jwks',
  'issuer',
  'audience',
  'subjectClaim',
  'agentName',
  'upstreamHeader',
  'forwardAuthorization',
  'allowOrigin',
] as const satisfies readonly (keyof McpProxyOptions)[];

export function mcpProxyCommand(context: Context, finish: Finish): Command {
  const command = new Command('mcp-proxy')
    .description('stand between an MCP client and a server: every call is decided first, lists show what may be used')
    .argument('[command...]', 'after --: the MCP server to run, and its arguments')
    .requiredOption('--server <NAME>', 'what the server is called in policies: github in tool:github/create_issue')
    .option('--agent <ENTITY>', 'the agent that the client is, like agent:assistant')
    .option('--on-behalf-of <ENTITY>', 'for whom it acts, like user:alice; without it on its own authority')
    .option('--delegation <ID>', 'only the chain that ends with this delegation')
    .option('--behalf <URL>', 'decisions are made by this server (BEHALF_URL)')
    .option('--key <KEY>', 'the key to ask it with (BEHALF_KEY, which the MCP server is not told)')
    .option('--upstream <URL>', 'instead of a command: the endpoint of an MCP server that speaks Streamable HTTP')
    .option('--host <ADDRESS>', 'with --upstream: address to listen on (default 127.0.0.1)')
    .option('--port <PORT>', 'with --upstream: port to listen on (default: any that is free)')
    .option('--path <PATH>', 'with --upstream: path to listen on (default /mcp)')
    .option('--origin-header <NAME>', 'with --upstream: the header in which whoever is in front says for whom')
    .option('--jwks <FILE|URL>', 'with --upstream: the keys that access tokens are verified with (a JWK set)')
    .option('--issuer <URL>', 'with --jwks: who must have issued an access token')
    .option('--audience <NAME>', 'with --jwks: for whom it must be')
    .option('--subject-claim <NAME>', 'with --jwks: the claim that names the person (default sub)')
    .option(
      '--agent-name <NAME=ENTITY>',
      'with --jwks and --store: the agent that a client_id means (a running Behalf has it from the caller)',
      collect,
      [],
    )
    .option('--upstream-header <HEADER>', 'with --upstream: "Name: value" sent with every request', collect, [])
    .option('--forward-authorization', 'with --upstream: hand on what clients send as Authorization')
    .option('--allow-origin <ORIGIN>', 'with --upstream: web origin of browsers that may send', collect, [])
    .option('--decide-initialize', 'also ask whether the agent may initialize mcp_server:NAME')
    .option('--verbose', 'say on standard error what becomes of each request')
    .addHelpText(
      'after',
      '\nDecisions are made by the server at --behalf, or, with --store, by this process.\nExits as the MCP server does.\n\nExample:\n  behalf mcp-proxy --server files --agent agent:assistant --on-behalf-of user:alice \\\n    --behalf http://127.0.0.1:7420 -- npx -y @modelcontextprotocol/server-filesystem /srv/share',
    );
  return withConfigFlags(command, ENGINE_KEYS).action(async (words: readonly string[], options: McpProxyOptions) => {
    const { upstream } = options;
    if (upstream !== undefined && words.length > 0) {
      throw new CommandError('the MCP server is a command after -- or the endpoint at --upstream, not both');
    }
    if (upstream !== undefined) {
      const { runMcpUpstream } = await import('./run-mcp-upstream.ts');
      return finish(await runMcpUpstream(upstream, options, context));
    }
    const idle = UPSTREAM_ONLY.find((name) => options[name] !== undefined && String(options[name]) !== '');
    if (idle !== undefined) {
      throw new CommandError(
        `--${idle.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} goes with --upstream`,
      );
    }
    const { runMcpProxy } = await import('./run-mcp-proxy.ts');
    return finish(await runMcpProxy(words, options, context));
  });
}
