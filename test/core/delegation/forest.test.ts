import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delegation } from '../../../src/core/delegation/delegation.ts';
import { Forest } from '../../../src/core/delegation/forest.ts';
import { isAlive } from '../../../src/core/delegation/node.ts';

function edge(id: string, from: string, to: string, more: Partial<Delegation> = {}): Delegation {
  return {
    id,
    from,
    to,
    capabilities: [{ actions: ['read'], resources: ['document:*'] }],
    proof: 'vouched',
    activation: 'standing',
    not_before: 0,
    max_depth: 9,
    version: 1,
    created_at: 0,
    created_by: 'dev',
    basis: 'person',
    revision: 1,
    ...more,
  };
}

const revocation = (delegation: string, origin?: string) => ({
  delegation,
  ...(origin === undefined ? undefined : { origin }),
  at: 5,
  by: 'dev',
  reason: 'test',
  revision: 2,
});

/** Ids of what may be tried, in order. */
function tried(forest: Forest, origin: string, actor: string, now = 10): readonly string[] {
  const { fixed, open } = forest.candidates(origin, actor);
  return [...(fixed?.aliveAt(now) ?? []), ...(open?.aliveAt(now) ?? [])]
    .filter((node) => isAlive(node, origin, now))
    .map((node) => node.delegation.id);
}

describe('the forest', () => {
  const rows = [
    edge('d1', 'user:alice', 'agent:a'),
    edge('d2', 'agent:a', 'agent:b', { parent: 'd1' }),
    edge('d3', 'agent:b', 'agent:c', { parent: 'd2' }),
    edge('d4', 'group:g#member', 'agent:c'),
    edge('d5', 'agent:c', 'agent:d', { parent: 'd4', origin: 'user:bob' }),
  ];

  it('is the same whatever the order of its rows', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        const forest = new Forest();
        for (const row of shuffled) forest.add(row);
        expect(tried(forest, 'user:alice', 'agent:c')).toEqual(['d3', 'd4']);
        expect(tried(forest, 'user:bob', 'agent:c')).toEqual(['d4']);
        expect(tried(forest, 'user:bob', 'agent:d')).toEqual(['d5']);
        expect(tried(forest, 'user:alice', 'agent:d')).toEqual([]);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('kills a subtree with its root, whichever row comes first', () => {
    for (const first of [true, false]) {
      const forest = new Forest();
      if (first) forest.revoke(revocation('d1'));
      for (const row of rows) forest.add(row);
      if (!first) forest.revoke(revocation('d1'));
      expect(tried(forest, 'user:alice', 'agent:c')).toEqual(['d4']);
      expect(forest.get('d3')?.revoked?.delegation).toBe('d1');
    }
  });

  it('withdraws for one origin only', () => {
    const forest = new Forest();
    for (const row of rows) forest.add(row);
    forest.revoke(revocation('d4', 'user:bob'));
    expect(tried(forest, 'user:bob', 'agent:d')).toEqual([]);
    expect(tried(forest, 'user:alice', 'agent:c')).toEqual(['d3', 'd4']);
  });

  it.each<[string, readonly Delegation[]]>([
    [
      'a delegator that is not the holder of the parent',
      [rows[0], edge('x', 'agent:z', 'agent:y', { parent: 'd1' })] as Delegation[],
    ],
    ['a principal twice', [rows[0], rows[1], edge('x', 'agent:b', 'agent:a', { parent: 'd2' })] as Delegation[]],
    ['the origin again', [rows[0], edge('x', 'agent:a', 'user:alice', { parent: 'd1' })] as Delegation[]],
    [
      'another origin than the parent',
      [rows[0], edge('x', 'agent:a', 'agent:y', { parent: 'd1', origin: 'user:bob' })] as Delegation[],
    ],
    ['an origin that did not delegate', [edge('x', 'user:alice', 'agent:y', { origin: 'user:bob' })]],
    [
      'parents in a circle',
      [edge('x', 'agent:y', 'agent:z', { parent: 'y' }), edge('y', 'agent:z', 'agent:y', { parent: 'x' })],
    ],
    ['itself', [edge('x', 'agent:y', 'agent:y')]],
  ])('adds no authority by %s', (_, edges) => {
    const forest = new Forest();
    for (const row of edges) forest.add(row);
    for (const origin of ['user:alice', 'user:bob', 'agent:y', 'agent:z']) {
      for (const actor of ['agent:a', 'agent:y', 'agent:z', 'user:alice']) {
        expect(tried(forest, origin, actor)).not.toContain('x');
      }
    }
  });

  it('sets lapsed delegations aside, and still finds them for questions about the past', () => {
    const forest = new Forest();
    for (let i = 0; i < 50; i++) {
      forest.add(
        edge(`e${String(i).padStart(2, '0')}`, 'user:alice', 'agent:a', {
          created_at: i * 10,
          not_before: i * 10,
          expires_at: i * 10 + 5,
        }),
      );
    }
    expect(forest.candidates('user:alice', 'agent:a').fixed?.aliveAt(492).length).toBe(1);
    expect(tried(forest, 'user:alice', 'agent:a', 492)).toEqual(['e49']);
    expect(tried(forest, 'user:alice', 'agent:a', 203)).toEqual(['e20']);
    expect(tried(forest, 'user:alice', 'agent:a', 207)).toEqual([]);
  });

  it('opens and closes sessions', () => {
    const forest = new Forest();
    const activation = { id: 'a1', delegation: 'd1', origin: 'user:alice', created_at: 0, expires_at: 100, by: 'dev' };
    forest.activate(activation);
    for (const row of rows) forest.add(row);
    expect(forest.get('d1')?.activations.get('user:alice')).toEqual([activation]);
    forest.deactivate('a1');
    expect(forest.get('d1')?.activations.has('user:alice')).toBe(false);
  });
});
