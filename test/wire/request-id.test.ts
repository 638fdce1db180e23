import { expect, test } from 'vitest';
import { requestIdOf } from '../../src/wire/request-id.ts';

const UUID = /^[0-9a-f-]{36}$/;

test.each(['1', 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716', 'x'.repeat(128), '{"a":1}'])('%j is kept', (id) => {
  expect(requestIdOf({ headers: { 'x-request-id': id } })).toBe(id);
});

test.each([undefined, '', 'a b', 'a\tb', 'é', 'x'.repeat(129)])('%j is replaced by a new one', (id) => {
  const headers = id === undefined ? {} : { 'x-request-id': id };
  expect(requestIdOf({ headers })).toMatch(UUID);
  expect(requestIdOf({ headers })).not.toBe(requestIdOf({ headers }));
});
