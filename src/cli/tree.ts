import type { Command } from 'commander';
import { type Behalf, BehalfError, type DelegationView } from '../client/client.ts';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { columns } from './layout.ts';
import type { Terminal } from './terminal.ts';
import { awayWords, boundWords, capabilityWords } from './words.ts';

interface TreeOptions extends RemoteOptions {
  readonly all?: boolean;
}

export function treeCommand({ terminal, now }: Context, finish: Finish): Command {
  return remoteCommand('tree', 'draw who holds what on somebody’s behalf')
    .argument('[origin]', 'the principal, like user:alice; without it every delegation is drawn')
    .option('--all', 'also what is revoked, withdrawn or expired')
    .action(async (origin: string | undefined, options: TreeOptions) => {
      const client = connect(options, terminal);
      const held = await heldFor(client, origin, options.all === true);
      if (options.json === true)
        printJson(
          terminal,
          held.map(({ view, member }) => ({ ...view, member })),
        );
      else terminal.out(draw(held, origin, now(), terminal));
      return finish(EXIT.ok);
    });
}

interface Held {
  readonly view: DelegationView;
  /** Whether the origin is in the set that the template is for; absent where there is no set, or nobody can say. */
  readonly member?: boolean;
}

/** The delegations that are held for an origin: its own, and the templates for sets that it is in. */
async function heldFor(client: Behalf, origin: string | undefined, all: boolean): Promise<readonly Held[]> {
  const views = await client.allDelegations(origin === undefined ? {} : { origin });
  const shown = all ? views : views.filter((view) => isOpen(view, origin));
  if (origin === undefined) return shown.map((view) => ({ view }));
  const sets = new Map<string, boolean | undefined>();
  for (const root of shown.map(({ chain, from }) => chain[0]?.from ?? from)) {
    if (!sets.has(root)) sets.set(root, await isMember(client, root, origin));
  }
  return shown.flatMap((view): readonly Held[] => {
    const member = sets.get(view.chain[0]?.from ?? view.from);
    if (member === undefined) return [{ view }];
    return member ? [{ view, member }] : [];
  });
}

function isOpen({ state, withdrawn }: DelegationView, origin: string | undefined): boolean {
  const isWithdrawn = withdrawn.some((one) => one.origin === origin);
  return (state === 'live' || state === 'not_yet_valid') && !isWithdrawn;
}

async function isMember(client: Behalf, set: string, origin: string): Promise<boolean | undefined> {
  if (set.endsWith(':*')) return origin.startsWith(set.slice(0, -1));
  const [object = '', relation] = set.split('#');
  if (relation === undefined) return set === origin;
  try {
    return await client.related(origin, relation, object);
  } catch (fault) {
    // Asking for membership takes the role author; without it the set is shown and nothing claimed.
    if (fault instanceof BehalfError && (fault.status === 403 || fault.status === 404)) return undefined;
    throw fault;
  }
}

function draw(held: readonly Held[], origin: string | undefined, now: number, terminal: Terminal): string {
  const { paint } = terminal;
  const ids = new Set(held.map(({ view }) => view.id));
  const below = new Map<string | undefined, Held[]>();
  for (const one of held) {
    const { parent } = one.view;
    const above = parent !== undefined && ids.has(parent) ? parent : undefined;
    below.set(above, [...(below.get(above) ?? []), one]);
  }
  for (const siblings of below.values()) siblings.sort(byHolder);
  if (held.length === 0) return `nobody holds anything${origin === undefined ? '' : ` on behalf of ${origin}`}`;

  const rows: (readonly string[])[] = [];
  const add = (one: Held, before: string, isLast: boolean, isRoot: boolean): void => {
    const { view } = one;
    const children = below.get(view.id) ?? [];
    const branch = `${before}${isLast ? '└─ ' : '├─ '}`;
    const trunk = `${before}${isLast ? '   ' : '│  '}`;
    const what = view.capabilities.map(capabilityWords);
    const source = isRoot && (origin === undefined || view.from !== origin) ? `from ${view.from}` : undefined;
    const doubt =
      isRoot && one.member === undefined && source !== undefined && origin !== undefined ? ' (if in it)' : '';
    const notes = [
      view.state === 'live' ? undefined : view.state.replaceAll('_', ' '),
      ...view.withdrawn.filter((taken) => taken.origin === origin).map(() => 'withdrawn'),
      source && `${source}${doubt}`,
      ...boundWords(view),
      ...sessionWords(view, origin),
      view.expires_at === undefined ? undefined : `until ${awayWords(view.expires_at, now)}`,
    ].filter((note) => note !== undefined);
    // The longest text last, where nothing has to be aligned after it.
    rows.push([`${branch}${view.to}`, paint('quiet', view.name ?? view.id), what[0] ?? '']);
    const rail = `${trunk}${children.length > 0 ? '│' : ''}`;
    for (const line of what.slice(1)) rows.push([rail, '', line]);
    for (const note of notes) rows.push([rail, '', paint('quiet', `· ${note}`)]);
    children.forEach((child, index) => {
      add(child, trunk, index === children.length - 1, false);
    });
  };
  const roots = below.get(undefined) ?? [];
  roots.forEach((root, index) => {
    add(root, '', index === roots.length - 1, true);
  });
  return `${paint('strong', origin ?? 'all delegations')}\n${columns(rows)}`;
}

/** Those made in the same millisecond have no order of their own; by holder and name the drawing is always the same. */
function byHolder({ view: a }: Held, { view: b }: Held): number {
  const [first, second] = [a, b].map(({ to, name, id }) => [to, name ?? '', id].join('\0'));
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

function sessionWords({ activations, activation }: DelegationView, origin: string | undefined): readonly string[] {
  if (activation !== 'session' || origin === undefined) return [];
  const open = activations.find((one) => one.origin === origin);
  return [
    open === undefined ? 'no session is open' : `a session is open until ${open.expires_at.replace(/\.\d+Z$/, 'Z')}`,
  ];
}
