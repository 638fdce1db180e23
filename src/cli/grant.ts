import { type Command, Option } from 'commander';
import type { Capability, DelegationRequest, DelegationView } from '../client/client.ts';
import { DURATION_EXPECTED, parseDuration } from '../core/duration.ts';
import {
  CommandError,
  type Context,
  connect,
  EXIT,
  type Finish,
  printJson,
  type RemoteOptions,
  remoteCommand,
} from './command.ts';
import { delegationId } from './delegation-id.ts';
import { labelled } from './layout.ts';
import { collect } from './question.ts';
import type { Terminal } from './terminal.ts';
import { awayWords, boundWords, capabilityWords } from './words.ts';

interface GrantOptions extends RemoteOptions {
  readonly from?: string;
  readonly to: string;
  readonly allow: readonly string[];
  readonly when?: string;
  readonly parent?: string;
  readonly name?: string;
  readonly origin?: string;
  readonly expires?: string;
  readonly notBefore?: string;
  readonly depth?: string;
  readonly onwardTo: readonly string[];
  readonly proof?: DelegationRequest['proof'];
  readonly session?: string;
}

export function grantCommand({ terminal, now }: Context, finish: Finish): Command {
  return remoteCommand('grant', 'delegate, or hand a delegation on')
    .option('--from <DELEGATOR>', 'who hands on its authority: user:alice, or a set like group:finance#member')
    .requiredOption('--to <PRINCIPAL>', 'who receives it, like agent:planner')
    .option('--allow <CAPABILITY>', '"ACTION,… on RESOURCE,…", with "when CEL" if there is a condition', collect, [])
    .option('--when <CEL>', 'a condition on all of it')
    .option('--parent <ID>', 'the delegation that is handed on, by id or name')
    .option('--name <NAME>', 'a name for people and files')
    .option('--origin <PRINCIPAL>', 'for this origin only')
    .option('--expires <WHEN>', 'when it ends: 8h, 30d, or 2027-01-31T00:00:00Z')
    .option('--not-before <WHEN>', 'when it begins; as --expires')
    .option('--depth <HOPS>', 'further hops allowed below it (default 0, or one less than the parent)')
    .option('--onward-to <PATTERN>', 'who it may be handed on to', collect, [])
    .addOption(
      new Option('--proof <PROOF>', 'the least proof of the origin').choices(['asserted', 'vouched', 'verified']),
    )
    .option('--session <LENGTH>', 'only while a session is open, of at most this length: 1h')
    .addHelpText(
      'after',
      '\nExample:\n  behalf grant --from user:alice --to agent:planner --allow "read,comment on document:*" --expires 8h --depth 1',
    )
    .action(async (options: GrantOptions) => {
      const behalf = connect(options, terminal);
      const request = toRequest(options, now());
      const parent = request.parent === undefined ? undefined : await delegationId(behalf, request.parent);
      const made = await behalf.delegate({ ...request, ...(parent === undefined ? undefined : { parent }) });
      if (options.json === true) printJson(terminal, made);
      else terminal.out(describe(made.delegation, made.revision, now(), terminal));
      return finish(EXIT.ok);
    });
}

function toRequest(options: GrantOptions, now: number): DelegationRequest {
  const { from, to, when, parent, name, origin, expires, notBefore, depth, onwardTo, proof, session } = options;
  if (options.allow.length === 0) throw new CommandError('--allow is missing: what may it do, "read on document:*"?');
  if (from === undefined && parent === undefined) {
    throw new CommandError('--from is missing: whose authority is it? (or --parent, to hand a delegation on)');
  }
  if (depth !== undefined && !/^\d{1,3}$/.test(depth))
    throw new CommandError(`--depth ${depth} is not a number of hops`);
  const given = {
    from,
    parent,
    name,
    origin,
    condition: when,
    proof,
    expires_at: expires === undefined ? undefined : toTime('--expires', expires, now),
    not_before: notBefore === undefined ? undefined : toTime('--not-before', notBefore, now),
    max_depth: depth === undefined ? undefined : Number(depth),
    onward_to: onwardTo.length === 0 ? undefined : onwardTo,
    activation: session === undefined ? undefined : ('session' as const),
    max_session: session === undefined ? undefined : toSeconds(session),
  };
  // A key that is undefined is not sent, so only what was said is.
  return { to, capabilities: options.allow.map(parseCapability), ...given } as DelegationRequest;
}

/** `read,comment on document:*,folder:* when R.attr.open`. */
export function parseCapability(text: string): Capability {
  const match = /^\s*(\S.*?)\s+on\s+(\S.*?)(?:\s+when\s+(\S.*?))?\s*$/s.exec(text);
  const [, actions, resources, condition] = match ?? [];
  if (actions === undefined || resources === undefined) {
    throw new CommandError(`--allow "${text}" is not "ACTION,… on RESOURCE,…", like "read,comment on document:*"`);
  }
  const list = (names: string): readonly string[] => names.split(',').map((one) => one.trim());
  return {
    actions: list(actions),
    resources: list(resources),
    ...(condition === undefined ? undefined : { condition }),
  };
}

function toTime(flag: string, text: string, now: number): string {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return new Date(now + seconds * 1000).toISOString();
  const isMoment = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isMoment) return new Date(text).toISOString();
  throw new CommandError(`${flag} ${text} is neither ${DURATION_EXPECTED} nor a time like 2027-01-31T00:00:00Z`);
}

function toSeconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new CommandError(`--session ${text} is not ${DURATION_EXPECTED}`);
  return seconds;
}

function describe(delegation: DelegationView, revision: string, now: number, { paint }: Terminal): string {
  const { id, name, from, to, capabilities, parent, origin, expires_at: end, not_before: begin } = delegation;
  const lines = labelled([
    ['from', from],
    ['to', to],
    ['for', origin],
    ['may', capabilities.map(capabilityWords)],
    ['only', boundWords(delegation)],
    ['begins', Date.parse(begin) > now + 1000 ? awayWords(begin, now) : undefined],
    ['ends', end === undefined ? 'never by itself: behalf revoke' : awayWords(end, now)],
    ['below', parent],
    ['revision', revision],
  ]);
  return `${paint('good', 'granted')}: ${paint('strong', id)}${name === undefined ? '' : ` ${name}`}\n${lines}`;
}
