import type { LogCopy } from '../audit/log-copy.ts';
import type {
  DecisionFilter,
  DecisionPage,
  DecisionPageRequest,
  DecisionRecord,
  DecisionSummary,
  DecisionSummaryRequest,
} from '../client/client.ts';
import type { Result } from '../core/result.ts';
import type { Failure } from '../engine/failure.ts';
import { CommandError, type Context, connect, type RemoteOptions, remoteCommand } from './command.ts';
import { everDelegationId } from './delegation-id.ts';
import type { Terminal } from './terminal.ts';

/** Where decisions are asked for: a server, or the files of a log. */
export interface DecisionDoor {
  list(filter: DecisionFilter, page: DecisionPageRequest): Promise<DecisionPage>;
  summary(filter: DecisionFilter, request: DecisionSummaryRequest): Promise<DecisionSummary>;
}

/** The options of a filter, and of where to look. */
export interface DecisionOptions extends RemoteOptions {
  readonly caller?: string;
  readonly actor?: string;
  readonly origin?: string;
  readonly principal?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly type?: string;
  readonly decision?: string;
  readonly enforced?: string;
  readonly reason?: string;
  readonly delegation?: string;
  readonly bundle?: string;
  readonly search?: NonNullable<DecisionFilter['search']>;
  readonly from?: string;
  readonly to?: string;
  readonly log?: string;
  readonly index: boolean;
  readonly csv?: boolean;
}

export function decisionCommand(name: string, description: string) {
  return remoteCommand(name, description)
    .option('--actor <ENTITY>', 'who did it')
    .option('--origin <ENTITY>', 'on whose behalf')
    .option('--principal <ENTITY>', 'anybody on the path, at either end or between')
    .option('--action <ACTION>', 'what was done')
    .option('--resource <RESOURCE>', 'to what, or to which: tool:github/*, tool:*')
    .option('--type <TYPE>', 'to a resource of this type')
    .option('--decision <ANSWER>', 'allow or deny, as decided')
    .option('--enforced <ANSWER>', 'allow or deny, as answered: another one in observe mode')
    .option('--reason <REASON>', 'a reason that applies: not_entitled, revoked, …')
    .option('--delegation <ID>', 'everything that went through it; a server knows it by name, too')
    .option('--caller <CALLER>', 'who asked')
    .option('--bundle <DIGEST>', 'by which model and policies')
    .option('--search <KIND>', 'none: asked by themselves; subject, resource, action: found by a search for these')
    .option('--from <TIME>', 'from this time on: 2030-01-31 or 2030-01-31T12:00:00Z')
    .option('--to <TIME>', 'up to and without this time')
    .option('--log <DIR>', 'ask the files of a log, or of a copy, instead of a server')
    .option('--no-index', 'with --log: look at every record; an index that was changed on purpose can hide some')
    .option('--csv', 'print CSV (RFC 4180); what a spreadsheet would take for a formula begins with an apostrophe');
}

export async function filterOf(options: DecisionOptions, terminal: Terminal): Promise<DecisionFilter> {
  const { caller, actor, origin, principal, action, resource, type, reason, bundle, search } = options;
  const given = {
    ...{ caller, actor, origin, principal, action, resource, type, reason, bundle, search },
    delegation: await delegationOf(options, terminal),
    decision: answerOf('--decision', options.decision),
    enforced: answerOf('--enforced', options.enforced),
    from: timeOf(options.from),
    to: timeOf(options.to),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Records know ids; names are the store's. */
async function delegationOf(options: DecisionOptions, terminal: Terminal): Promise<string | undefined> {
  const { delegation, log } = options;
  if (delegation === undefined || delegation.startsWith('dlg_')) return delegation;
  if (log === undefined) return everDelegationId(connect(options, terminal), delegation);
  throw new CommandError(`--delegation: the files of a log know delegations by id, dlg_…, not as "${delegation}"`);
}

function answerOf(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text !== 'allow' && text !== 'deny') throw new CommandError(`${name}: "${text}" is neither allow nor deny`);
  return text === 'allow';
}

/** A day is its beginning, UTC. */
function timeOf(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
}

export async function openDecisionDoor(options: DecisionOptions, { terminal, now }: Context): Promise<DecisionDoor> {
  if (options.log === undefined) {
    if (!options.index) throw new CommandError('--no-index goes with --log: a server has its own indexes');
    const behalf = connect(options, terminal);
    return {
      list: (filter, page) => behalf.decisions(filter, page),
      summary: (filter, request) => behalf.decisionSummary(filter, request),
    };
  }
  if (options.url !== undefined || options.key !== undefined) {
    throw new CommandError('take the files (--log) or a server (--url, --key), not both');
  }
  const { openLogCopy } = await import('../audit/log-copy.ts');
  return doorOfFiles(openLogCopy(options.log, { useIndexes: options.index }), now);
}

async function doorOfFiles(copy: LogCopy, now: () => number): Promise<DecisionDoor> {
  const { toDecisionFilter } = await import('../wire/behalf/decision-filter.ts');
  const { summaryJson, toSummaryOptions } = await import('../wire/behalf/decision-summary.ts');
  const { recordJson } = await import('../wire/behalf/record-json.ts');
  return {
    list: async (query, { limit = 1, ...page }) => {
      const { records, next } = copy.list(orThrow(toDecisionFilter(query)), { limit, ...page });
      // A record without an epoch is of no store in particular.
      const decisions = records.map((record) => recordJson(record, String) as DecisionRecord);
      return { decisions, ...(next === undefined ? undefined : { next }) };
    },
    summary: async (query, request) => {
      const filter = orThrow(toDecisionFilter(query));
      const options = orThrow(toSummaryOptions(request, filter, now()));
      return summaryJson(await copy.summarize(filter, options, async () => {})) as DecisionSummary;
    },
  };
}

function orThrow<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new CommandError(result.error.message);
  return result.value;
}

/** What was looked through is said where it may matter. */
export function sayWhere({ log, index }: DecisionOptions, terminal: Terminal): void {
  if (log === undefined || !index) return;
  terminal.err(terminal.paint('quiet', `found by the indexes in ${log} where it has them; --no-index trusts none`));
}
