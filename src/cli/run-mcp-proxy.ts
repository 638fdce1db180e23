import { constants } from 'node:os';
import process from 'node:process';
import { BehalfError } from '../client/client.ts';
import { idOf, parseEntity } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { serverNameFault, toServerEntity } from '../mcp/binding/entity-name.ts';
import type { DecisionPoint } from '../mcp/decision-point.ts';
import type { Sender } from '../mcp/sender.ts';
import { type Ended, startStdioProxy } from '../mcp/stdio/proxy.ts';
import { type Context, EXIT, printProblems } from './command.ts';
import type { McpProxyOptions } from './mcp-proxy.ts';
import { openPoint } from './open-point.ts';
import { proxyCaller } from './proxy-caller.ts';
import { openStandardOutput } from './standard-output.ts';

/** What a client sends to end the session, or a person at the terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the MCP server that the words name behind a guard until it ends, and answers its exit status. */
export async function runMcpProxy(
  [command, ...args]: readonly string[],
  options: McpProxyOptions,
  context: Context,
): Promise<number> {
  const { terminal } = context;
  const refuse = (message: string): number => {
    terminal.err(`error: not started: ${message}`);
    return EXIT.fault;
  };
  if (command === undefined) return refuse('name the MCP server to run after --, as in: -- npx -y some-mcp-server');
  const sender = toSender(options);
  if (!sender.ok) return refuse(sender.error);
  const { actor, on_behalf_of: origin } = sender.value.asks;
  const caller = proxyCaller(options.server, [actor], origin === undefined ? [] : [origin]);
  const opened = await openPoint(options, caller, context);
  if (!opened.ok) {
    printProblems(terminal, opened.error.problems);
    return refuse(opened.error.message);
  }
  const { point, warnings, close } = opened.value;
  for (const warning of warnings) terminal.err(`note: ${warning}`);
  try {
    const standing = await standingOf(point, sender.value, options.server);
    if (standing.kind === 'refused') return refuse(standing.why);
    if (standing.kind === 'unknown') terminal.err(`note: until this is over nothing passes: ${standing.why}`);
    return await run(command, args, { sender: sender.value, point, options, context });
  } finally {
    await close();
  }
}

interface Running {
  readonly sender: Sender;
  readonly point: DecisionPoint;
  readonly options: McpProxyOptions;
  readonly context: Context;
}

async function run(command: string, args: readonly string[], running: Running): Promise<number> {
  const { sender, point, options, context } = running;
  const { terminal } = context;
  // The key is for the decision point. An MCP server that had it could ask, and see, what is none of its business.
  const { BEHALF_KEY: _, ...env } = terminal.env;
  const say = (text: string): void => terminal.err(`behalf mcp-proxy ${options.server}: ${text}`);
  const proxy = startStdioProxy({
    command,
    args,
    env,
    server: options.server,
    sender,
    point,
    clientSide: { input: process.stdin, output: openStandardOutput() },
    decideInitialize: options.decideInitialize === true,
    log: say,
    ...(options.verbose === true ? { trace: say } : undefined),
  });
  for (const signal of SIGNALS) process.on(signal, proxy.signal);
  const ended = await proxy.ended;
  for (const signal of SIGNALS) process.off(signal, proxy.signal);
  if (ended.kind === 'not_started') terminal.err(`error: ${ended.message}`);
  return statusOf(ended);
}

/** The exit status that a shell would tell of the server. */
function statusOf(ended: Ended): number {
  switch (ended.kind) {
    case 'exited':
      return ended.status;
    case 'killed':
      return 128 + constants.signals[ended.signal];
    case 'not_started':
      return ended.reason === 'not_found' ? 127 : 126;
  }
}

/** Who the client is, as the command line says it; or what is wrong with that. */
function toSender({ server, agent, onBehalfOf, delegation }: McpProxyOptions): Result<Sender, string> {
  const fault = serverNameFault(server);
  if (fault !== undefined) return err(fault);
  if (agent === undefined) return err('say which agent the client is: --agent agent:NAME');
  const actor = parseEntity(agent);
  if (!actor.ok) return err(`--agent: ${actor.error}`);
  const origin = onBehalfOf === undefined ? undefined : parseEntity(onBehalfOf);
  if (origin !== undefined && !origin.ok) return err(`--on-behalf-of: ${origin.error}`);
  return ok({
    asks: {
      actor: actor.value,
      ...(origin === undefined ? undefined : { on_behalf_of: origin.value }),
      ...(delegation === undefined ? undefined : { delegation }),
    },
    token: { sub: idOf(origin?.value ?? actor.value), client_id: idOf(actor.value) },
  });
}

type Standing =
  | { readonly kind: 'good' }
  /** The decision point will never answer such questions: a wrong key, or nobody whom it may name. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It is out of reach, which may pass. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Whether the decision point takes questions about this agent and origin, found out without a decision and so without a
 * record: the question demands a revision that is none, which is looked at last.
 */
async function standingOf(point: DecisionPoint, { asks }: Sender, server: string): Promise<Standing> {
  const resource = toServerEntity(server);
  if (!resource.ok) return { kind: 'refused', why: resource.error };
  try {
    const [answer] = await point.decide([
      { ...asks, action: 'initialize', resource: resource.value, revision: 'none' },
    ]);
    if (answer === undefined || !('error' in answer)) return { kind: 'good' };
    const { message } = answer.error;
    return message.includes('is not a revision') ? { kind: 'good' } : { kind: 'refused', why: message };
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault);
    const status = fault instanceof BehalfError ? fault.status : undefined;
    const isFinal = (status !== undefined && status < 500) || codeOf(fault) === 'malformed_answer';
    return { kind: isFinal ? 'refused' : 'unknown', why };
  }
}

function codeOf(fault: unknown): string | undefined {
  return fault instanceof BehalfError ? fault.code : undefined;
}
