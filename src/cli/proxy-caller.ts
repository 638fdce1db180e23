import type { Caller } from '../callers/caller.ts';

/**
 * As whom a proxy asks the engine in its own process. Like the caller of --dev it exists only there, and no stored
 * caller can have its id. Whoever starts the process says who the agent is and for whom it acts, or verifies what
 * others say of it, and could open the store as well: that is as good as a caller that vouches.
 *
 * @param actors patterns of the agents that it may name
 * @param origins patterns of those for whom they may act
 * @param agents what the bare names of agents in access tokens mean
 */
export function proxyCaller(
  server: string,
  actors: readonly string[],
  origins: readonly string[],
  agents: NonNullable<Caller['agents']> = {},
): Caller {
  return {
    id: `mcp-proxy:${server}`,
    roles: ['check'],
    actors,
    origins,
    vouches: origins,
    direct: false,
    asserts: [],
    agents,
    mode: 'enforce',
  };
}
