import { describe, expect, test } from 'vitest';
import { compileBundle } from '../../../src/core/bundle.ts';
import { decide } from '../../../src/core/decide.ts';
import type { CheckRequest, Decision } from '../../../src/core/decision.ts';
import type { Delegation } from '../../../src/core/delegation/delegation.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { State } from '../../../src/core/state.ts';
import { wideEdge } from '../../support/laws.ts';

const POLICY = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: doc
  version: default
  rules: [{ actions: ["*"], effect: EFFECT_ALLOW, roles: ["*"] }]
`;
const MODEL = `model
  schema 1.1
type user
type agent
type doc
type group
  relations
    define member: [user]
`;
const ASKED: CheckRequest = {
  actor: 'agent:worker',
  origin: 'user:alice',
  proof: 'verified',
  action: 'read',
  resource: 'doc:plan',
};

function ask(delegations: readonly Delegation[], request: Partial<CheckRequest> = {}): Decision {
  const bundle = compileBundle({
    digest: 'sha256:test',
    files: [
      { path: 'policies/doc.yaml', text: POLICY },
      { path: 'model/m.fga', text: MODEL },
    ],
  });
  if (!bundle.ok) throw new Error(JSON.stringify(bundle.error));
  const state = new State();
  for (const value of delegations) state.apply({ kind: 'delegation', key: value.id, value }, 1);
  return decide({ ...ASKED, ...request }, state.snapshot(bundle.value), 0);
}

/** One chain of so many edges from alice to agent:worker. */
function chainOf(edges: number, more: Partial<Delegation> = {}): readonly Delegation[] {
  return Array.from({ length: edges }, (_, at) =>
    wideEdge({
      id: `d${at + 1}`,
      from: at === 0 ? 'user:alice' : `agent:a${at}`,
      to: at === edges - 1 ? 'agent:worker' : `agent:a${at + 1}`,
      ...(at === 0 ? undefined : { parent: `d${at}` }),
      max_depth: 100,
      ...more,
    }),
  );
}

const junk = (at: number, more: Partial<Delegation>): Delegation =>
  wideEdge({ id: `a${String(at).padStart(4, '0')}`, from: 'user:alice', to: 'agent:worker', ...more });

describe('the bound of depth', () => {
  const { chainDepth } = LIMITS;

  test('a chain of exactly so many edges carries, one more does not, and says why', () => {
    expect(ask(chainOf(chainDepth))).toMatchObject({ allowed: true, chain: { delegation: `d${chainDepth}` } });
    const beyond = ask(chainOf(chainDepth + 1));
    expect(beyond).toMatchObject({ allowed: false, reason: 'limit_exceeded', limit: 'chainDepth' });
    expect(beyond.reasons).not.toContain('no_chain');
    const further = ask(chainOf(chainDepth + 2));
    expect(further).toMatchObject({ reason: 'limit_exceeded', limit: 'chainDepth' });
  });

  test('also where the chain is named, and beside others that fail', () => {
    const deep = chainOf(chainDepth + 1);
    const leaf = deep.at(-1)?.id ?? '';
    expect(ask(deep, { delegation: leaf })).toMatchObject({ reason: 'limit_exceeded', limit: 'chainDepth' });
    const failing = junk(1, { condition: 'false' });
    expect(ask([...deep, failing])).toMatchObject({ allowed: false, limit: 'chainDepth' });
    expect(ask([...deep, failing]).reasons).toEqual(['limit_exceeded', 'condition_false']);
  });

  test('takes nothing away from a chain that is short enough', () => {
    expect(ask([...chainOf(chainDepth + 1), junk(1, {})])).toMatchObject({ allowed: true });
  });

  test.each([
    ['about something else', { capabilities: [{ actions: ['write'], resources: ['doc:*'] }] }],
    ['over', { expires_at: 0 }],
  ])('a chain that is too deep and %s is not told', (_what, more) => {
    const decision = ask(chainOf(chainDepth + 1, more));
    expect(decision).toMatchObject({ allowed: false, reason: 'no_chain' });
    expect(decision).not.toHaveProperty('limit');
  });

  test('nor one that is for somebody else', () => {
    expect(ask(chainOf(chainDepth + 1), { origin: 'user:bob' })).toMatchObject({ reason: 'no_chain' });
  });
});

describe('the bound of chains', () => {
  const MANY = 20 * LIMITS.chainsPerCheck;
  const good = junk(MANY + 1, {});

  test('chains from sets that the origin is not in do not count', () => {
    const teams = Array.from({ length: MANY }, (_, at) => junk(at, { from: `group:t${at}#member` }));
    expect(ask([...teams, good])).toMatchObject({ allowed: true, others: [] });
  });

  test('chains that are about something else do not count, wherever on them', () => {
    const other = { capabilities: [{ actions: ['read'], resources: ['doc:other'] }] };
    const crowd = Array.from({ length: MANY }, (_, at) => junk(at, other));
    const last = chainOf(3);
    const below = Array.from({ length: MANY }, (_, at) => junk(at, { parent: 'd1', from: 'agent:a1', ...other }));
    expect(ask([...crowd, ...last])).toMatchObject({ allowed: true, others: [] });
    expect(ask([...below, ...last])).toMatchObject({ allowed: true, others: [] });
  });

  test('chains in question count, and the bound is named', () => {
    const failing = Array.from({ length: LIMITS.chainsPerCheck }, (_, at) => junk(at, { condition: 'false' }));
    expect(ask([...failing.slice(1), good])).toMatchObject({ allowed: true });
    expect(ask([...failing, good])).toMatchObject({
      allowed: false,
      limit: 'chainsPerCheck',
      reason: 'limit_exceeded',
    });
    expect(ask(failing)).not.toHaveProperty('limit');
  });

  test('where none is in question a few are told, those that cover the request first', () => {
    const other = { capabilities: [{ actions: ['read'], resources: ['doc:other'] }] };
    const crowd = Array.from({ length: 10 }, (_, at) => junk(at, other));
    const decision = ask([...crowd, junk(99, { from: 'group:t#member' })]);
    expect(decision).toMatchObject({ allowed: false, reason: 'not_in_set', chain: { delegation: 'a0099' } });
    expect(decision.others.map(({ delegation }) => delegation)).toEqual(['a0000', 'a0001', 'a0002']);
  });

  test('so many that the step budget is used up deny, and say so', () => {
    const above = chainOf(LIMITS.chainDepth).slice(0, -1);
    const last = above.at(-1);
    const crowd = Array.from({ length: LIMITS.decisionSteps / above.length }, (_, at) =>
      junk(at, {
        parent: last?.id ?? '',
        from: last?.to ?? '',
        capabilities: [{ actions: ['write'], resources: ['doc:*'] }],
      }),
    );
    const onward = junk(99_999, { parent: last?.id ?? '', from: last?.to ?? '' });
    expect(ask([...above, ...crowd.slice(0, 100), onward])).toMatchObject({ allowed: true });
    expect(ask([...above, ...crowd, onward])).toMatchObject({ allowed: false, limit: 'decisionSteps' });
  });
});
