import { existsSync } from 'node:fs';
import type { Caller, CallerRequest } from '../client/client.ts';
import type { CallerRow } from '../core/change.ts';
import type { Result } from '../core/result.ts';
import { validateBundle } from '../engine/bundles/publish.ts';
import { addCaller, listCallers, removeCaller } from '../engine/callers.ts';
import type { Failure } from '../engine/failure.ts';
import { Ledger } from '../engine/ledger.ts';
import { CommandError, type Rooms } from './command.ts';
import { OPERATOR } from './operator.ts';

/** Where callers are kept: a server, or the store itself, from which the first administrator's key comes. */
export interface CallerDoor {
  add(request: CallerRequest): Promise<{ readonly caller: Caller; readonly key: string; readonly revision: string }>;
  list(): Promise<readonly Caller[]>;
  remove(id: string): Promise<{ readonly revision: string }>;
}

/** Opens a store that no server has open; makes it where there is none yet. */
export function openCallerStore(path: string, rooms: Rooms, now: () => number): CallerDoor & { close(): void } {
  const isNew = !existsSync(path);
  const store = rooms.openStore(path);
  const none = validateBundle([]);
  if (!none.ok) throw new CommandError('this installation is broken: it cannot compile an empty bundle');
  const ledger = new Ledger(store, now, none.value);
  return {
    add: async (request) => {
      const made = rooms.makeCaller(request);
      if (!made.ok) {
        const lines = made.error.map(({ field, message }) => `\n  ${field}: ${message}`);
        throw new CommandError(`the caller cannot be made${lines.join('')}`);
      }
      const { revision } = unwrap(addCaller(ledger, made.value.row, OPERATOR));
      return { caller: toCaller(made.value.row), key: made.value.key, revision };
    },
    list: async () => {
      if (isNew) throw new CommandError(`there was no store ${path}`);
      return unwrap(listCallers(ledger, OPERATOR)).map(toCaller);
    },
    remove: async (id) => unwrap(removeCaller(ledger, id, OPERATOR)),
    close: () => store.close(),
  };
}

function unwrap<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  throw new CommandError(result.error.message);
}

/** Without the hash of its key. */
function toCaller(row: CallerRow): Caller {
  const { key_hash: _hash, version: _version, ...caller } = row;
  return caller as unknown as Caller;
}
