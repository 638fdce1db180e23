import { describe, expect, it } from 'vitest';
import { deriveChild, deriveRoot } from '../../../src/core/delegation/attenuation.ts';
import type { Delegation } from '../../../src/core/delegation/delegation.ts';
import type { DelegationDraft } from '../../../src/core/delegation/draft.ts';
import { Forest } from '../../../src/core/delegation/forest.ts';
import type { DelegationNode } from '../../../src/core/delegation/node.ts';
import { LIMITS } from '../../../src/core/limits.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;

function node(overrides: Partial<Delegation> = {}): DelegationNode {
  const forest = new Forest();
  forest.add({
    id: 'dlg_parent',
    from: 'user:alice',
    to: 'agent:planner',
    capabilities: [{ actions: ['read', 'write'], resources: ['document:*', 'tool:github/*'] }],
    proof: 'vouched',
    activation: 'standing',
    not_before: NOW,
    expires_at: NOW + 8 * HOUR,
    max_depth: 2,
    version: 1,
    created_at: NOW,
    created_by: 'dev',
    basis: 'person',
    revision: 1,
    ...overrides,
  });
  const made = forest.get('dlg_parent');
  if (made === undefined) throw new Error('the parent is not in the forest');
  return made;
}

const child: DelegationDraft = {
  parent: 'dlg_parent',
  to: 'agent:researcher',
  capabilities: [{ actions: ['read'], resources: ['document:*'] }],
};

/** What exceeds, as `field: asked > allowed`. */
function excess(draft: Partial<DelegationDraft>, parent = node()): readonly string[] {
  const derived = deriveChild({ ...child, ...draft }, parent);
  return derived.ok ? [] : derived.error.map(({ field, asked, allowed }) => `${field}: ${asked} > ${allowed}`);
}

describe('a root', () => {
  it('has the narrowest defaults', () => {
    const derived = deriveRoot({ ...child, from: 'user:alice' }, NOW);
    expect(derived).toEqual({
      ok: true,
      value: {
        from: 'user:alice',
        to: 'agent:researcher',
        capabilities: child.capabilities,
        proof: 'vouched',
        activation: 'standing',
        not_before: NOW,
        max_depth: 0,
        version: 1,
      },
    });
  });

  it('is for its delegator only', () => {
    expect(deriveRoot({ ...child, from: 'user:alice', origin: 'user:bob' }, NOW).ok).toBe(false);
    expect(deriveRoot({ ...child, from: 'group:finance#member', origin: 'user:bob' }, NOW).ok).toBe(true);
  });
});

describe('a child', () => {
  it('takes from its parent what it does not say', () => {
    const derived = deriveChild(child, node({ proof: 'verified', onward_to: ['agent:*'] }));
    expect(derived).toMatchObject({
      ok: true,
      value: {
        from: 'agent:planner',
        proof: 'verified',
        not_before: NOW,
        expires_at: NOW + 8 * HOUR,
        max_depth: 1,
        onward_to: ['agent:*'],
      },
    });
  });

  it.each<[string, Partial<DelegationDraft>, string]>([
    [
      'action',
      { capabilities: [{ actions: ['delete'], resources: ['document:*'] }] },
      'capabilities/0/actions: delete > read, write',
    ],
    [
      'resource',
      { capabilities: [{ actions: ['read'], resources: ['tool:*'] }] },
      'capabilities/0/resources: tool:* > document:*, tool:github/*',
    ],
    [
      'every action',
      { capabilities: [{ actions: ['*'], resources: ['document:*'] }] },
      'capabilities/0/actions: * > read, write',
    ],
    [
      'end',
      { expires_at: NOW + 9 * HOUR },
      'expires_at: 2026-11-24T21:00:00.000Z > 2026-11-24T20:00:00.000Z or earlier',
    ],
    ['beginning', { not_before: NOW - 1 }, 'not_before: 2026-11-24T11:59:59.999Z > 2026-11-24T12:00:00.000Z or later'],
    ['proof', { proof: 'asserted' }, 'proof: asserted > vouched or stronger'],
    ['depth', { max_depth: 2 }, "max_depth: 2 > less than the parent's 2"],
    ['delegator', { from: 'user:bob' }, 'from: user:bob > agent:planner, who holds the parent'],
    ['origin', { origin: 'user:bob' }, "origin: user:bob > user:alice, the parent's"],
    ['the origin again', { to: 'user:alice' }, 'to: user:alice > a principal that is not on the chain yet'],
  ])('may not exceed its parent: %s', (_, draft, expected) => {
    expect(excess(draft)).toEqual([expected]);
  });

  it('names everything that exceeds at once', () => {
    expect(
      excess({ proof: 'asserted', max_depth: 5, capabilities: [{ actions: ['x'], resources: ['user:*'] }] }),
    ).toHaveLength(4);
  });

  it('is contained in one capability of the parent, not in several together', () => {
    const parent = node({
      capabilities: [
        { actions: ['read'], resources: ['document:*'] },
        { actions: ['write'], resources: ['tool:*'] },
      ],
    });
    expect(excess({ capabilities: [{ actions: ['read'], resources: ['tool:x'] }] }, parent)).toHaveLength(1);
    expect(excess({ capabilities: [{ actions: ['write'], resources: ['tool:x'] }] }, parent)).toEqual([]);
  });

  it('may be the last hop that a chain has, and none beyond', () => {
    const forest = new Forest();
    const { delegation } = node();
    const chain = Array.from({ length: LIMITS.chainDepth }, (_, at) => ({
      ...delegation,
      id: `d${at}`,
      ...(at === 0 ? undefined : { parent: `d${at - 1}`, from: `agent:a${at - 1}` }),
      to: `agent:a${at}`,
      max_depth: 100,
    }));
    for (const one of chain) forest.add(one);
    const at = (edges: number) => {
      const parent = forest.get(`d${edges - 1}`);
      if (parent === undefined) throw new Error('no such parent');
      const made = deriveChild(child, parent);
      return made.ok ? [] : made.error.map(({ field }) => field);
    };
    expect(at(LIMITS.chainDepth - 1)).toEqual([]);
    expect(at(LIMITS.chainDepth)).toEqual(['parent']);
  });

  it('may not be made below max_depth 0', () => {
    expect(excess({}, node({ max_depth: 0 }))).toEqual(['parent: a further hop > none: the parent has max_depth 0']);
  });

  it('goes only where onward_to lets it, and narrows it', () => {
    const parent = node({ onward_to: ['agent:team/*'] });
    expect(excess({}, parent)).toEqual(['to: agent:researcher > onward_to of the parent: agent:team/*']);
    expect(excess({ to: 'agent:team/a', onward_to: ['agent:*'] }, parent)).toEqual([
      'onward_to/0: agent:* > agent:team/*',
    ]);
    expect(excess({ to: 'agent:team/a', onward_to: ['agent:team/b'] }, parent)).toEqual([]);
    expect(excess({ to: 'agent:team/a' }, node({ onward_to: [] }))).toEqual([
      'to: agent:team/a > onward_to of the parent: nobody',
    ]);
  });

  it('keeps sessions within those above it', () => {
    const parent = node({ activation: 'session', max_session: 600 });
    expect(excess({ activation: 'session', max_session: 601 }, parent)).toEqual(['max_session: 601 s > 600 s']);
    expect(deriveChild({ ...child, activation: 'session' }, parent)).toMatchObject({ value: { max_session: 600 } });
  });
});
