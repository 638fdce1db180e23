import type { Behalf } from '../client/client.ts';
import { serverNameFault } from '../mcp/binding/entity-name.ts';
import { type ReviewPlan, reviewTools } from '../mcp/review/tool-review.ts';
import { CommandError, type Context, connect, EXIT, printFault, printJson } from './command.ts';
import { describeReview, reviewJson } from './describe-review.ts';
import type { ImportOptions } from './import-mcp.ts';
import { counted } from './layout.ts';
import type { Terminal } from './terminal.ts';
import { listUpstreamTools, type Upstream } from './upstream-tools.ts';

/** Compares the tools of an MCP server with the directory and writes what changed; answers the exit status. */
export async function runImportMcp(
  words: readonly string[],
  options: ImportOptions,
  { terminal, version }: Context,
): Promise<number> {
  const { server, behalf, url } = options;
  const fault = serverNameFault(server);
  if (fault !== undefined) throw new CommandError(`--server: ${fault}`);
  if (behalf !== undefined && url !== undefined) throw new CommandError('--url and --behalf are the same: give one');
  const upstream = toUpstream(words, options);
  const client = connect({ ...options, ...(behalf === undefined ? undefined : { url: behalf }) }, terminal);
  // Before the MCP server is started: a wrong key is told at once.
  const known = await client.entities.all(`tool:${server}/`);
  const listed = await listUpstreamTools(upstream, { version, env: terminal.env });
  const plan = reviewTools(server, listed, known, options.reviewed === true);
  return carryOut(plan, client, options, terminal);
}

async function carryOut(plan: ReviewPlan, client: Behalf, options: ImportOptions, terminal: Terminal): Promise<number> {
  const isJson = options.json === true;
  const marks = options.reviewed === true;
  if (!isJson) terminal.out(describeReview(plan, { server: options.server, marks }, terminal));
  const pending = plan.tools.filter(({ changes }) => Object.keys(changes).length > 0);
  const written: string[] = [];
  const finish = (status: number): number => {
    if (isJson) printJson(terminal, { ...reviewJson(plan), written });
    return status;
  };
  // An entry that could not be brought in is an answer of "no" to what was asked for, whatever became of the others.
  const done = plan.unusable.length === 0 ? EXIT.ok : EXIT.no;
  if (options.dryRun === true || pending.length === 0) return finish(done);
  const accepts = marks && plan.tools.some(({ found }) => found === 'new' || found === 'changed');
  if (accepts && options.yes !== true && terminal.canAsk) {
    const answer = await terminal.ask('\nMark what is listed as reviewed? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) {
      terminal.err('nothing was written');
      return finish(EXIT.no);
    }
  }
  try {
    for (const { entity, changes } of pending) {
      await client.entities.patch(entity, { attributes: changes });
      written.push(entity);
    }
  } catch (fault) {
    printFault(terminal, fault);
    const left = counted(pending.length - written.length, 'tool');
    terminal.err(`${counted(written.length, 'tool')} written, ${left} not: the same command goes on from there`);
    return finish(EXIT.fault);
  }
  if (!isJson) terminal.out(`\n${terminal.paint('good', 'written')}: ${counted(written.length, 'tool')}`);
  return finish(done);
}

/** Where the server is, as the command line says it. */
function toUpstream([command, ...args]: readonly string[], { upstream, header }: ImportOptions): Upstream {
  if (upstream === undefined) {
    if (command === undefined) {
      throw new CommandError(
        'name the MCP server to run after --, as in: -- npx -y some-mcp-server; or --upstream URL',
      );
    }
    if (header.length > 0) throw new CommandError('--header goes with --upstream: a command is sent no headers');
    return { kind: 'command', command, args };
  }
  if (command !== undefined) throw new CommandError('a command and --upstream are two servers: give one');
  const url = URL.parse(upstream);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(`--upstream ${upstream} is not an address like https://mcp.example.org/mcp`);
  }
  return { kind: 'url', url, headers: Object.fromEntries(header.map(toHeader)) };
}

function toHeader(text: string): readonly [string, string] {
  const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*([\t\x20-\x7e\x80-\xff]*?)\s*$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  // Not what it says: a header is often a secret.
  throw new CommandError('--header is not "Name: value" (RFC 9110, section 5)');
}
