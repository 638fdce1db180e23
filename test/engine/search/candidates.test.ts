import { expect, test } from 'vitest';
import { knownActions, knownEntities, placeAfter, principalTypes } from '../../../src/engine/search/candidates.ts';
import { revocationOf, wideEdge } from '../../support/laws.ts';
import { snapshotOf } from '../../support/real.ts';
import type { World } from '../../support/reference.ts';

const WORLD: World = {
  model: {
    user: {},
    agent: {},
    group: { member: { is: 'direct', types: ['user', 'user:*', 'group#member'] } },
    doc: {
      viewer: { is: 'direct', types: ['user', 'user:*', 'group#member'] },
      can_read: { is: 'relation', relation: 'viewer' },
    },
  },
  policies: {
    derived: [],
    resources: [
      {
        kind: 'doc',
        version: 'default',
        scope: '',
        variables: {},
        rules: [{ name: 'a', actions: ['archive', 'draft:*', '*'], effect: 'ALLOW', roles: ['user'], derived: [] }],
      },
    ],
    principals: [],
    roles: [],
  },
  tuples: [
    { user: 'group:dev#member', relation: 'viewer', object: 'doc:plan' },
    { user: 'user:*', relation: 'viewer', object: 'doc:open' },
    { user: 'user:alice', relation: 'member', object: 'group:ops' },
  ],
  entities: [{ entity: 'doc:filed', roles: [], attributes: {}, suspended: false, deleted: false }],
  delegations: [
    wideEdge({
      id: 'd1',
      from: 'user:bob',
      to: 'agent:worker',
      capabilities: [{ actions: ['sign', 'read:*'], resources: ['doc:letter', 'doc:drafts/*'] }],
    }),
    wideEdge({ id: 'd2', from: 'group:dev#member', to: 'agent:runner', origin: 'user:carol' }),
  ],
  revocations: [revocationOf('d1')],
  activations: [{ id: 'a1', delegation: 'd2', origin: 'user:dave', created_at: 0, expires_at: 1, by: 'test' }],
};

test('entities are known from the directory, relationships and delegations, in the order of their text', () => {
  const snapshot = snapshotOf(WORLD);
  expect(knownEntities(snapshot, 'doc')).toEqual(['doc:filed', 'doc:letter', 'doc:open', 'doc:plan']);
  expect(knownEntities(snapshot, 'user')).toEqual(['user:alice', 'user:bob', 'user:carol', 'user:dave']);
  expect(knownEntities(snapshot, 'agent')).toEqual(['agent:runner', 'agent:worker']);
  expect(knownEntities(snapshot, 'group')).toEqual(['group:dev', 'group:ops']);
  expect(knownEntities(snapshot, 'spaceship')).toEqual([]);
});

test('actions are known from the model, policies and capabilities, without a star', () => {
  const snapshot = snapshotOf(WORLD);
  expect(knownActions(snapshot, 'doc')).toEqual(['archive', 'read', 'sign']);
  expect(knownActions(snapshot, 'group')).toEqual([]);
});

test('principals are of the types that can be related, act or hold something', () => {
  expect(principalTypes(snapshotOf(WORLD))).toEqual(['agent', 'user']);
});

test('the candidates after a name', () => {
  const list = ['a', 'c', 'e'];
  expect(['', 'a', 'b', 'c', 'e', 'f'].map((name) => placeAfter(list, name))).toEqual([0, 1, 1, 2, 3, 3]);
});
