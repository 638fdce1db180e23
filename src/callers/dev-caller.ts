import { ASSERTABLE, type Caller, ROLES } from './caller.ts';

/** `--dev`: one caller that may do everything, without a key, on loopback only (design, section 3). */
export const DEV_CALLER: Caller = {
  id: 'dev',
  credential: 'dev',
  roles: ROLES,
  actors: ['*'],
  origins: ['*'],
  vouches: ['*'],
  direct: true,
  asserts: ASSERTABLE,
  mode: 'enforce',
};
