import type { Caller } from '../callers/caller.ts';
import type { Sender } from '../mcp/sender.ts';

/**
 * As whom the proxy asks the engine in its own process. Like the caller of --dev it exists only there, and no stored
 * caller can have its id. Whoever starts the process says who the agent is and for whom it acts, and could open the
 * store as well: that is as good as a caller that vouches.
 */
export function proxyCaller(server: string, { asks }: Pick<Sender, 'asks'>): Caller {
  const origins = asks.on_behalf_of === undefined ? [] : [asks.on_behalf_of];
  return {
    id: `mcp-proxy:${server}`,
    roles: ['check'],
    actors: [asks.actor],
    origins,
    vouches: origins,
    direct: false,
    asserts: [],
    mode: 'enforce',
  };
}
