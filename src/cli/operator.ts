import { type Caller, ROLES } from '../callers/caller.ts';

/**
 * Whoever can start the server or open its store may do everything to it anyway; this is the name under which what the
 * command itself writes stands in the store.
 */
export const OPERATOR: Caller = {
  id: 'operator',
  credential: 'process',
  roles: ROLES,
  actors: [],
  origins: [],
  vouches: [],
  direct: false,
  asserts: [],
  mode: 'enforce',
};
