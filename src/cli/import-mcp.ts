import { Command } from 'commander';
import { type Context, type Finish, type RemoteOptions, remoteCommand } from './command.ts';
import { collect } from './question.ts';

export interface ImportOptions extends RemoteOptions {
  readonly behalf?: string;
  readonly server: string;
  readonly upstream?: string;
  readonly header: readonly string[];
  readonly reviewed?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export function importCommand(context: Context, finish: Finish): Command {
  const command = new Command('import').description('bring what exists elsewhere into the directory');
  command.addCommand(
    remoteCommand('mcp', 'the tools of an MCP server, and which of them are new or changed since they were reviewed')
      .argument('[command...]', 'after --: the MCP server to run, and its arguments')
      .requiredOption('--server <NAME>', 'what the server is called in policies: github in tool:github/create_issue')
      .option('--upstream <URL>', 'instead of a command: the address of a server that speaks Streamable HTTP')
      .option('--header <HEADER>', 'a header to send there, "Name: value"', collect, [])
      .option('--behalf <URL>', 'the same as --url')
      .option('--reviewed', 'mark what is listed now as reviewed, showing what changed since it was reviewed before')
      .option('--dry-run', 'show what would be written; write nothing')
      .option('--yes', 'do not ask')
      .addHelpText(
        'after',
        '\nEach tool becomes the entity tool:NAME/TOOL; its roles and other attributes stay as they are. Writing takes the role author.\n\nExamples:\n  behalf import mcp --server files -- npx -y @modelcontextprotocol/server-filesystem /srv/share\n  behalf import mcp --server github --reviewed --upstream https://mcp.example.org/mcp --header "Authorization: Bearer …"',
      )
      .action(async (words: readonly string[], options: ImportOptions) => {
        const { runImportMcp } = await import('./run-import-mcp.ts');
        return finish(await runImportMcp(words, options, context));
      }),
  );
  return command;
}
