import type { Behalf } from '../client/client.ts';
import { CommandError } from './command.ts';

/** The id of a delegation that a person called by its id or by its name. Of those called so only what is in force counts. */
export async function delegationId(behalf: Behalf, called: string): Promise<string> {
  if (called.startsWith('dlg_')) return called;
  const all = await behalf.allDelegations({ name: called });
  const inForce = all.filter(({ state }) => state === 'live' || state === 'not_yet_valid');
  const [one] = inForce;
  if (one === undefined) throw new CommandError(`no delegation in force is called ${called}`);
  if (inForce.length > 1) {
    const ids = inForce.map(({ id, from, to }) => `\n  ${id}  ${from} → ${to}`);
    throw new CommandError(`several delegations in force are called ${called}; name one by its id:${ids.join('')}`);
  }
  return one.id;
}
