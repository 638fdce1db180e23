import { type EntityId, parseEntity } from '../core/entity.ts';
import { err, ok, type Result } from '../core/result.ts';
import { startHttpProxy } from '../mcp/http/proxy.ts';
import type { SenderOptions, TokenOptions } from '../mcp/http/proxy-options.ts';
import { readTextFile } from '../text-file.ts';
import { type Context, EXIT, printProblems } from './command.ts';
import type { McpProxyOptions } from './mcp-proxy.ts';
import { type OpenPoint, openPoint } from './open-point.ts';
import { proxyCaller } from './proxy-caller.ts';

/** Stands in front of an MCP server that speaks HTTP until it is told to stop, and answers the exit status. */
export async function runMcpUpstream(upstream: string, options: McpProxyOptions, context: Context): Promise<number> {
  const { terminal } = context;
  const refuse = (message: string): number => {
    terminal.err(`error: not started: ${message}`);
    return EXIT.fault;
  };
  const port = Number(options.port ?? 0);
  if (!/^\d{1,5}$/.test(options.port ?? '0') || port > 65_535) {
    return refuse(`--port is ${options.port}: it is a whole number from 0 to 65535`);
  }
  const tokens = toTokens(options);
  if (!tokens.ok) return refuse(tokens.error);
  const headers = toHeaders(options.upstreamHeader);
  if (!headers.ok) return refuse(headers.error);
  const agents = toAgents(options);
  if (!agents.ok) return refuse(agents.error);
  // It asks about those that it has verified, or whom the command line names.
  const actors = tokens.value === undefined && options.agent !== undefined ? [options.agent] : ['*'];
  const opened = await openPoint(options, proxyCaller(options.server, actors, ['*'], agents.value), context);
  if (!opened.ok) {
    printProblems(terminal, opened.error.problems);
    return refuse(opened.error.message);
  }
  const { point, pointOf, warnings, close } = opened.value;
  // Listened for before the start, so that a signal meanwhile is not lost.
  const stop = context.stopped();
  try {
    const started = await startHttpProxy({
      upstream,
      server: options.server,
      port,
      ...(options.host === undefined ? undefined : { host: options.host }),
      ...(options.path === undefined ? undefined : { path: options.path }),
      senders: sendersOf(options, opened.value, tokens.value),
      point: (credential) => (credential.kind === 'key' ? pointOf(credential.key) : point),
      upstreamHeaders: headers.value,
      forwardAuthorization: options.forwardAuthorization === true,
      allowedOrigins: options.allowOrigin,
      decideInitialize: options.decideInitialize === true,
      log: (text) => terminal.err(`behalf mcp-proxy ${options.server}: ${text}`),
    });
    if (!started.ok) return refuse(started.error);
    for (const warning of warnings) terminal.err(`note: ${warning}`);
    terminal.out(`behalf stands in front of ${upstream} at ${started.value.url}`);
    await stop;
    await started.value.close();
    return EXIT.ok;
  } finally {
    await close();
  }
}

/** Without an agent of its own each client proves who it is, by a key of Behalf or by an access token. */
function sendersOf(
  { agent, onBehalfOf, originHeader, delegation }: McpProxyOptions,
  { holderOf }: OpenPoint,
  tokens: TokenOptions | undefined,
): SenderOptions {
  return {
    ...(agent === undefined ? { keys: holderOf } : { anonymous: { agent } }),
    ...(tokens === undefined ? undefined : { tokens }),
    ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
    ...(originHeader === undefined ? undefined : { originHeader }),
    ...(delegation === undefined ? undefined : { delegation }),
  };
}

function toTokens({ jwks, issuer, audience, subjectClaim }: McpProxyOptions): Result<TokenOptions | undefined, string> {
  if (jwks === undefined && issuer === undefined && audience === undefined && subjectClaim === undefined) {
    return ok(undefined);
  }
  if (jwks === undefined || issuer === undefined || audience === undefined) {
    return err('access tokens need all of --jwks, --issuer and --audience');
  }
  const keys = /^https?:\/\//.test(jwks) ? ok(jwks) : readKeys(jwks);
  if (!keys.ok) return keys;
  return ok({
    keys: keys.value,
    issuer,
    audience,
    ...(subjectClaim === undefined ? undefined : { subject: subjectClaim }),
  });
}

/** `helper-app=agent:helper`. Client ids are often addresses, in which a = may stand: the last one counts. */
function toAgents({ agentName, behalf }: McpProxyOptions): Result<{ readonly [name: string]: EntityId }, string> {
  if (agentName.length > 0 && behalf !== undefined) {
    return err(
      '--agent-name goes with --store: a running Behalf has the names from the caller whose key it is asked with',
    );
  }
  const agents: [string, EntityId][] = [];
  for (const given of agentName) {
    const equals = given.lastIndexOf('=');
    const agent = parseEntity(given.slice(equals + 1));
    if (equals < 1 || !agent.ok) return err(`--agent-name ${given} is not NAME=ENTITY, like helper-app=agent:helper`);
    agents.push([given.slice(0, equals), agent.value]);
  }
  return ok(Object.fromEntries(agents));
}

function readKeys(path: string): Result<Exclude<TokenOptions['keys'], string>, string> {
  try {
    const set: unknown = JSON.parse(readTextFile(path));
    const keys = (set as { readonly keys?: unknown } | null)?.keys;
    if (Array.isArray(keys)) return ok({ keys });
    return err(`${path} is no JWK set: a JSON object with "keys" (RFC 7517)`);
  } catch (fault) {
    return err(`--jwks cannot be read: ${fault instanceof Error ? fault.message : fault}`);
  }
}

function toHeaders(
  given: readonly string[],
): Result<readonly { readonly name: string; readonly value: string }[], string> {
  const headers: { readonly name: string; readonly value: string }[] = [];
  for (const header of given) {
    const colon = header.indexOf(':');
    if (colon < 1) return err(`--upstream-header ${header} is not "Name: value"`);
    headers.push({ name: header.slice(0, colon).trim(), value: header.slice(colon + 1).trim() });
  }
  return ok(headers);
}
