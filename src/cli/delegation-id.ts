import type { Behalf, DelegationView } from '../client/client.ts';
import { CommandError } from './command.ts';

/** The id of a delegation of any time, revoked or not, that a person called by its id or by its name. */
export async function everDelegationId(behalf: Behalf, called: string): Promise<string> {
  if (called.startsWith('dlg_')) return called;
  return only(
    await behalf.allDelegations({ name: called }),
    called,
    'no delegation was ever',
    'several delegations were',
  );
}

/** The id of a delegation that a person called by its id or by its name. Of those called so only what is in force counts. */
export async function delegationId(behalf: Behalf, called: string): Promise<string> {
  if (called.startsWith('dlg_')) return called;
  const all = await behalf.allDelegations({ name: called });
  const inForce = all.filter(({ state }) => state === 'live' || state === 'not_yet_valid');
  return only(inForce, called, 'no delegation in force is', 'several delegations in force are');
}

function only(found: readonly DelegationView[], called: string, none: string, several: string): string {
  const [one] = found;
  if (one === undefined) throw new CommandError(`${none} called ${called}`);
  if (found.length > 1) {
    const ids = found.map(({ id, from, to }) => `\n  ${id}  ${from} → ${to}`);
    throw new CommandError(`${several} called ${called}; name one by its id:${ids.join('')}`);
  }
  return one.id;
}
