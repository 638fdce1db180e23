import { expect, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type FindRow, mentionsOf } from '../../src/core/mentions.ts';

const ROWS: { readonly [key: string]: object } = {
  root: { id: 'root', name: 'reviews', from: 'group:a#member', to: 'agent:one', origin: 'user:alice' },
  leaf: { id: 'leaf', parent: 'root', from: 'agent:one', to: 'agent:two' },
  loop: { id: 'loop', parent: 'loop', from: 'agent:one', to: 'agent:two' },
  session: { id: 'session', delegation: 'leaf', origin: 'user:alice' },
};
const find = ((_kind: string, key: string) => ROWS[key]) as unknown as FindRow;
const of = (change: object): readonly string[] => [...mentionsOf(change as Change, find)].sort();

const UP = ['agent:one', 'agent:two', 'group:a', 'group:a#member', 'leaf', 'root', 'user:alice'];

test.each<[string, object, readonly string[]]>([
  ['a delegation', { kind: 'delegation', key: 'leaf', value: ROWS.leaf }, UP],
  [
    'one with a name',
    { kind: 'delegation', key: 'root', value: ROWS.root },
    ['agent:one', 'group:a', 'group:a#member', 'reviews', 'root', 'user:alice'],
  ],
  ['a revocation', { kind: 'revocation', key: 'leaf', value: { delegation: 'leaf' } }, UP],
  [
    'a withdrawal',
    { kind: 'revocation', key: 'leaf|user:bob', value: { delegation: 'leaf', origin: 'user:bob' } },
    [...UP, 'user:bob'],
  ],
  ['a revocation of what is not there', { kind: 'revocation', key: 'gone', value: { delegation: 'gone' } }, ['gone']],
  ['a session', { kind: 'activation', key: 'session', value: ROWS.session }, [...UP, 'session'].sort()],
  ['its end', { kind: 'activation', key: 'session', value: null }, [...UP, 'session'].sort()],
  ['an entity', { kind: 'entity', key: 'user:alice', value: {} }, ['user:alice']],
  ['a caller', { kind: 'caller', key: 'gateway', value: null }, ['gateway']],
  ['a bundle', { kind: 'bundle', key: 'current', value: { digest: 'sha256:1', files: [] } }, ['sha256:1']],
  ['a relationship', { kind: 'relationship', key: 'd:1#r@user:alice', value: null }, []],
])('%s is about everybody whom it concerns', (_what, change, names) => {
  expect(of(change)).toEqual(names);
});

test('a chain that leads nowhere ends', () => {
  const asked: string[] = [];
  const looking = ((_kind: string, key: string) => {
    asked.push(key);
    return ROWS[key];
  }) as unknown as FindRow;
  mentionsOf({ kind: 'delegation', key: 'loop', value: ROWS.loop } as unknown as Change, looking);
  expect(asked.length).toBeLessThanOrEqual(LIMITS.chainDepth);
});
