import { compileBundle } from '../src/core/bundle.ts';
import type { CheckRequest } from '../src/core/decision.ts';
import type { Delegation } from '../src/core/delegation/delegation.ts';
import type { Snapshot } from '../src/core/snapshot.ts';
import { State } from '../src/core/state.ts';

/** A model in which alice may call the tool, so that nothing but the chain decides. */
export const MODEL = `model
  schema 1.1
type user
type agent
type tool
  relations
    define caller: [user]
    define can_call: caller
`;

export const NOW = Date.parse('2026-11-24T12:00:00Z');
export const CONDITION = 'R.attr.args.amount < 10000.0';

/** One delegation below the other from user:alice down to agent:<depth>, each with one CEL condition. */
export function chainOf(depth: number, condition: string | null = CONDITION): readonly Delegation[] {
  return Array.from({ length: depth }, (_, hop) => ({
    id: `dlg_${String(hop).padStart(3, '0')}`,
    ...(hop === 0 ? undefined : { parent: `dlg_${String(hop - 1).padStart(3, '0')}` }),
    from: hop === 0 ? 'user:alice' : `agent:${hop}`,
    to: `agent:${hop + 1}`,
    capabilities: [
      { actions: ['call'], resources: ['tool:erp/*'], ...(condition === null ? undefined : { condition }) },
    ],
    proof: 'asserted',
    activation: 'standing',
    not_before: NOW - 1000,
    expires_at: NOW + 3_600_000,
    max_depth: depth - hop,
    version: 1,
    created_at: NOW - 1000,
    created_by: 'bench',
    basis: 'person',
    revision: 1,
  }));
}

/** The snapshot of a chain, among `others` delegations that have nothing to do with it. */
export function chainSnapshot(depth: number, others: number, condition: string | null = CONDITION): Snapshot {
  const state = new State();
  const caller = { user: 'user:alice', relation: 'caller', object: 'tool:erp/pay' };
  state.apply({ kind: 'relationship', key: 'tool:erp/pay#caller@user:alice', value: caller }, 1);
  for (const delegation of chainOf(depth, condition)) {
    state.apply({ kind: 'delegation', key: delegation.id, value: delegation }, 1);
  }
  for (const [index, delegation] of chainOf(1).entries()) {
    for (let i = 0; i < others; i++) {
      const id = `oth_${index}_${i}`;
      state.apply(
        { kind: 'delegation', key: id, value: { ...delegation, id, from: `user:u${i}`, to: `agent:o${i % 97}` } },
        1,
      );
    }
  }
  const bundle = compileBundle({ digest: 'bench', files: [{ path: 'model/bench.fga', text: MODEL }] });
  if (!bundle.ok) throw new Error(JSON.stringify(bundle.error));
  return state.snapshot(bundle.value);
}

export function requestOf(depth: number): CheckRequest {
  return {
    actor: depth === 0 ? 'user:alice' : `agent:${depth}`,
    origin: 'user:alice',
    proof: 'vouched',
    action: 'call',
    resource: 'tool:erp/pay',
    resourceAttributes: { args: { amount: 250, currency: 'EUR' } },
  };
}
