import { Command } from 'commander';
import type { Context, Finish } from './command.ts';
import { ENGINE_KEYS, withConfigFlags } from './config-flags.ts';
import type { PointOptions } from './open-point.ts';

export interface McpProxyOptions extends PointOptions {
  readonly server: string;
  readonly agent?: string;
  readonly onBehalfOf?: string;
  readonly delegation?: string;
  readonly decideInitialize?: boolean;
  readonly verbose?: boolean;
}

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
    .option('--decide-initialize', 'also ask whether the agent may initialize mcp_server:NAME')
    .option('--verbose', 'say on standard error what becomes of each request')
    .addHelpText(
      'after',
      '\nDecisions are made by the server at --behalf, or, with --store, by this process.\nExits as the MCP server does.\n\nExample:\n  behalf mcp-proxy --server files --agent agent:assistant --on-behalf-of user:alice \\\n    --behalf http://127.0.0.1:7420 -- npx -y @modelcontextprotocol/server-filesystem /srv/share',
    );
  return withConfigFlags(command, ENGINE_KEYS).action(async (words: readonly string[], options: McpProxyOptions) => {
    const { runMcpProxy } = await import('./run-mcp-proxy.ts');
    return finish(await runMcpProxy(words, options, context));
  });
}
