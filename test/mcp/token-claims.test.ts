import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { claimedChain, isBoundToKey } from '../../src/mcp/token-claims.ts';

const chainOf = (claims: object) => claimedChain(claims as never, 'user:alice');

test('act names the actors, who acts now last; without it nothing is claimed', () => {
  expect(chainOf({})).toEqual({ ok: true, value: undefined });
  const act = { sub: 'x', client_id: 'mail', act: { sub: 'helper', act: { azp: 'first' } } };
  expect(chainOf({ act })).toEqual({
    ok: true,
    value: ['user:alice', { name: 'first' }, { name: 'helper' }, { name: 'mail' }],
  });
});

test.each<[string, unknown]>([
  ['null', null],
  ['a text', 'helper'],
  ['a list', [{ sub: 'helper' }]],
  ['without a name', {}],
  ['with an empty one', { sub: '' }],
  ['with a number', { sub: 7 }],
  ['with one of those deeper down', { sub: 'a', act: null }],
])('act that is %s names nobody', (_what, act) => {
  expect(chainOf({ act })).toMatchObject({ ok: false });
});

test('an act that nests deeper than chains do is refused', () => {
  const nested = (depth: number): object => (depth === 1 ? { sub: 'a' } : { sub: 'a', act: nested(depth - 1) });
  expect(chainOf({ act: nested(LIMITS.chainDepth) }).ok).toBe(true);
  expect(chainOf({ act: nested(LIMITS.chainDepth + 1) }).ok).toBe(false);
});

test('a token with cnf is bound, whatever is in it', () => {
  expect([{ cnf: { jkt: 'x' } }, { cnf: null }, {}].map(isBoundToKey)).toEqual([true, true, false]);
});
