import { Command, Option } from 'commander';
import { ASSERTABLE, ROLES } from '../callers/caller.ts';
import type { Behalf, Caller, CallerRequest } from '../client/client.ts';
import type { CallerDoor } from './caller-door.ts';
import { type Context, connect, EXIT, type Finish, printJson, type RemoteOptions, remoteCommand } from './command.ts';
import { columns, labelled } from './layout.ts';
import { collect } from './question.ts';
import type { Terminal } from './terminal.ts';

interface CallersOptions extends RemoteOptions {
  readonly store?: string;
}

interface AddOptions extends CallersOptions {
  readonly role: readonly string[];
  readonly principal?: string;
  readonly actor: readonly string[];
  readonly origin: readonly string[];
  readonly vouches: readonly string[];
  readonly asserts: readonly string[];
  readonly direct?: boolean;
  readonly observe?: boolean;
}

export function callersCommand(context: Context, finish: Finish): Command {
  const { terminal } = context;
  const command = new Command('callers').description('who may ask: add, list and remove callers and their keys');
  const withStore = (sub: Command): Command =>
    sub.option('--store <FILE>', 'work on this store itself, while no server has it open');
  const at = async <T>(options: CallersOptions, use: (door: CallerDoor) => Promise<T>): Promise<T> => {
    if (options.store === undefined) return use(serverDoor(connect(options, terminal)));
    const { openCallerStore } = await import('./caller-door.ts');
    const door = openCallerStore(options.store, await context.loadRooms(), context.now);
    try {
      return await use(door);
    } finally {
      door.close();
    }
  };

  command.addCommand(
    withStore(remoteCommand('add', 'add a caller; its key is shown once'))
      .argument('<id>', 'a name for it, like gateway')
      .addOption(
        new Option('--role <ROLE>', `what it may do, once for each: ${ROLES.join(', ')}`)
          .argParser(collect)
          .default([], 'none')
          .makeOptionMandatory(),
      )
      .option('--principal <PRINCIPAL>', 'it is this principal, and names only itself as actor')
      .option('--actor <PATTERN>', 'an actor that it may name: agent:mailer, agent:acme/* or *', collect, [])
      .option('--origin <PATTERN>', 'an origin that it may name', collect, [])
      .option('--vouches <PATTERN>', 'an origin whose presence it vouches for', collect, [])
      .option('--asserts <WHAT>', `what its requests may state of principals: ${ASSERTABLE.join(', ')}`, collect, [])
      .option('--direct', 'may ask for a person without an agent')
      .option('--observe', 'is answered "allowed" whatever was decided; both are recorded')
      .action(async (id: string, options: AddOptions) => {
        const added = await at(options, (door) => door.add(toRequest(id, options)));
        if (options.json === true) printJson(terminal, added);
        else terminal.out(describeAdded(added.caller, added.key, terminal));
        return finish(EXIT.ok);
      }),
  );
  command.addCommand(
    withStore(remoteCommand('list', 'every caller, without its key')).action(async (options: CallersOptions) => {
      const callers = await at(options, (door) => door.list());
      if (options.json === true) printJson(terminal, { callers });
      else terminal.out(describeList(callers));
      return finish(EXIT.ok);
    }),
  );
  command.addCommand(
    withStore(remoteCommand('remove', 'remove a caller; its key is dead on the next call'))
      .argument('<id>', 'the caller')
      .action(async (id: string, options: CallersOptions) => {
        const removed = await at(options, (door) => door.remove(id));
        if (options.json === true) printJson(terminal, removed);
        else terminal.out(`removed: ${id}\n${labelled([['revision', removed.revision]])}`);
        return finish(EXIT.ok);
      }),
  );
  return command;
}

/** The callers of a server. */
function serverDoor({ callers }: Behalf): CallerDoor {
  return {
    add: (request) => callers.add(request),
    list: async () => (await callers.list()).callers,
    remove: (id) => callers.remove(id),
  };
}

function toRequest(id: string, options: AddOptions): CallerRequest {
  const { role, principal, actor, origin, vouches, asserts, direct, observe } = options;
  return {
    id,
    roles: role,
    ...(principal === undefined ? undefined : { principal }),
    ...(actor.length === 0 ? undefined : { actors: actor }),
    ...(origin.length === 0 ? undefined : { origins: origin }),
    ...(vouches.length === 0 ? undefined : { vouches }),
    ...(asserts.length === 0 ? undefined : { asserts }),
    ...(direct === undefined ? undefined : { direct }),
    ...(observe === undefined ? undefined : { mode: 'observe' }),
  };
}

function describeAdded(caller: Caller, key: string, { paint }: Terminal): string {
  const { id, roles, principal, actors, origins, vouches, asserts, direct, mode } = caller;
  const list = (names: readonly string[]): string | undefined => (names.length === 0 ? undefined : names.join(', '));
  return `${paint('good', 'added')}: ${id}\n${labelled([
    ['roles', list(roles)],
    ['principal', principal],
    ['actors', list(actors)],
    ['origins', list(origins)],
    ['vouches', list(vouches)],
    ['asserts', list(asserts)],
    ['direct', direct ? 'may ask for a person without an agent' : undefined],
    ['mode', mode === 'observe' ? 'observe: answered "allowed", recorded as decided' : undefined],
    ['key', paint('strong', key)],
    ['', 'shown this once: only its hash is stored'],
  ])}`;
}

function describeList(callers: readonly Caller[]): string {
  if (callers.length === 0) return 'no callers';
  const rows = callers.map(({ id, roles, principal, actors, origins, vouches, mode }) => [
    id,
    roles.join(','),
    principal ?? (actors.join(',') || '-'),
    origins.join(',') || '-',
    vouches.join(',') || '-',
    mode,
  ]);
  return columns([['CALLER', 'ROLES', 'ACTS AS', 'FOR', 'VOUCHES', 'MODE'], ...rows]);
}
