import type { Command } from 'commander';
import type { DecisionFilter, DecisionRecord } from '../client/client.ts';
import { type Context, EXIT, type Finish } from './command.ts';
import { csv } from './csv.ts';
import {
  type DecisionDoor,
  type DecisionOptions,
  decisionCommand,
  filterOf,
  openDecisionDoor,
  sayWhere,
} from './decision-door.ts';
import { columns } from './layout.ts';
import { type Terminal, toPrintableJson } from './terminal.ts';
import { toCount } from './to-count.ts';

interface ListOptions extends DecisionOptions {
  readonly oldestFirst?: boolean;
  readonly limit: number;
}

const LONGEST_PAGE = 500;

/** `behalf audit decisions`: who did what, on what, on whose behalf. */
export function auditDecisionsCommand(context: Context, finish: Finish): Command {
  const { terminal } = context;
  return decisionCommand('decisions', 'who did what, to what, on whose behalf, and why that was allowed or denied')
    .option('--oldest-first', 'in the order in which they were decided')
    .option('--limit <N>', 'at most so many; 0 for all', toCount, 50)
    .action(async (options: ListOptions) => {
      const door = await openDecisionDoor(options, context);
      const printer = printerOf(options, terminal);
      const { found, more } = await gather(door, await filterOf(options, terminal), options, printer.page);
      printer.end(found, more);
      sayWhere(options, terminal);
      return finish(EXIT.ok);
    });
}

/** As many as were asked for, however many pages that takes; none of them is kept. */
async function gather(
  door: DecisionDoor,
  filter: DecisionFilter,
  { limit, oldestFirst }: ListOptions,
  take: (page: readonly DecisionRecord[]) => void,
): Promise<{ readonly found: number; readonly more: boolean }> {
  const order = oldestFirst === true ? 'oldest' : 'newest';
  let found = 0;
  for (let next: string | undefined; ; ) {
    const left = limit === 0 ? LONGEST_PAGE : Math.min(LONGEST_PAGE, limit - found);
    const place = next === undefined ? {} : order === 'oldest' ? { after: next } : { before: next };
    const page = await door.list(filter, { limit: left, order, ...place });
    found += page.decisions.length;
    take(page.decisions);
    next = page.next;
    if (next === undefined) return { found, more: false };
    if (limit !== 0 && found >= limit) return { found, more: true };
  }
}

interface Printer {
  readonly page: (decisions: readonly DecisionRecord[]) => void;
  readonly end: (found: number, more: boolean) => void;
}

function printerOf({ json, csv: asCsv, oldestFirst }: ListOptions, terminal: Terminal): Printer {
  if (json === true) {
    let between = '';
    terminal.out('{"decisions": [');
    return {
      page: (decisions) => {
        for (const decision of decisions) {
          // The comma comes with the next one: which is the last is not known before.
          terminal.out(`${between}${toPrintableJson(decision)}`);
          between = ',';
        }
      },
      end: (_, more) => terminal.out(`], "more": ${more}}`),
    };
  }
  if (asCsv === true) {
    printRows(terminal, [HEADINGS]);
    return { page: (decisions) => printRows(terminal, decisions.map(toRow)), end: () => {} };
  }
  return {
    page: (decisions) => {
      if (decisions.length > 0) terminal.out(columns(decisions.map(toLine)));
    },
    end: (found, more) => {
      if (found === 0) terminal.out('there is no decision that fits');
      const left = oldestFirst === true ? 'newer' : 'older';
      if (more) terminal.err(terminal.paint('quiet', `${left} ones are left out: --limit 0 shows all`));
    },
  };
}

/** Rows end with CR LF; the terminal adds the LF of the last one. */
function printRows(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  if (rows.length > 0) terminal.out(csv(rows).slice(0, -1));
}

function toLine({ id, at, request, decision, enforced, reasons }: DecisionRecord): readonly string[] {
  const { actor, origin, action, resource } = request;
  const answer = decision === enforced ? '' : ` (answered ${enforced ? 'allow' : 'deny'})`;
  return [
    at.replace(/\.\d+Z$/, 'Z'),
    `${decision ? 'allow' : 'deny'}${answer}`,
    `${actor} ${action} ${resource}${origin === actor ? '' : ` for ${origin}`}`,
    decision ? '' : reasons.join(', '),
    id,
  ];
}

const HEADINGS = [
  'id',
  'at',
  'caller',
  'actor',
  'origin',
  'action',
  'resource',
  'decision',
  'enforced',
  'reasons',
  'delegations',
  'bundle',
  'revision',
  'request_id',
  'search',
  'sha256',
];

function toRow(record: DecisionRecord): readonly string[] {
  const { actor, origin, action, resource } = record.request;
  return [
    ...[record.id, record.at, record.caller, actor, origin, action, resource],
    record.decision ? 'allow' : 'deny',
    record.enforced ? 'allow' : 'deny',
    record.reasons.join(' '),
    delegationsOf(record).join(' '),
    ...[record.bundle, record.revision],
    ...[textOf(record.request_id), textOf(record.search), record.hash],
  ];
}

/** Of the chain that is reported: the one that carried the request, or whose failure is told. */
function delegationsOf({ chain }: DecisionRecord): readonly string[] {
  const { steps = [] } = (chain ?? {}) as { readonly steps?: readonly { readonly delegation?: unknown }[] };
  return steps.flatMap(({ delegation }) => (typeof delegation === 'string' ? [delegation] : []));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
