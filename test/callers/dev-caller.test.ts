import { expect, test } from 'vitest';
import { ASSERTABLE, ROLES } from '../../src/callers/caller.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { parseCaller } from '../../src/callers/parse-caller.ts';

test('the dev caller may do everything, and nobody can store another one of its name', () => {
  expect(DEV_CALLER.roles).toEqual(ROLES);
  expect(DEV_CALLER.asserts).toEqual(ASSERTABLE);
  expect(parseCaller(DEV_CALLER).ok).toBe(false);
  const { credential, ...stored } = DEV_CALLER;
  expect(credential).toBe('dev');
  expect(parseCaller({ ...stored, id: 'other' })).toEqual({ ok: true, value: { ...stored, id: 'other' } });
});
