import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attributes, Json } from '../../src/core/entity.ts';
import type { Operand } from '../../src/core/policy/plan/operand.ts';
import { cerbosBinary, startPdp } from '../support/cerbos-pdp.ts';
import { REQUEST, STORE } from '../support/cerbos-store.ts';
import { CONDITIONS, conditionStore, PRINCIPAL } from '../support/plan-conditions.ts';
import { canonical } from '../support/plan-filter.ts';
import { openServer } from '../wire/server-under-test.ts';

/**
 * `POST /api/plan/resources` beside the real Cerbos: the same random policies and requests, the same filters, operand by
 * operand, but for the order of what has none.
 */
const SEED = 20_261_124;
const SETTINGS = 'semantics: cerbos\nglobals: { environment: test }\n';
const binary = cerbosBinary();

interface Plan {
  readonly filter?: { readonly kind: string; readonly condition?: Operand };
  readonly meta?: { readonly matchedScope?: string };
  readonly code?: number;
}

function comparable({ filter, meta, code }: Plan): Json {
  if (filter === undefined) return { refused: code !== undefined };
  const condition = filter.condition === undefined ? null : canonical(filter.condition);
  return { kind: filter.kind, condition, scope: meta?.matchedScope ?? '' };
}

async function beside(files: readonly { path: string; text: string }[], requests: readonly object[]) {
  await using pdp = await startPdp(binary ?? '', files, { engine: { globals: { environment: 'test' } } });
  const own = files.map(({ path, text }) => ({ path: `policies/${path}`, text }));
  await using server = openServer({ files: [...own, { path: 'policies/behalf.yaml', text: SETTINGS }], dev: true });
  let conditional = 0;
  const faults: string[] = [];
  for (const body of requests) {
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const theirs = (await (await fetch(`${pdp.url}/api/plan/resources`, sent)).json()) as Plan;
    const ours = (await server.ask('POST', '/api/plan/resources', { body })).json as Plan;
    const [left, right] = [JSON.stringify(comparable(ours)), JSON.stringify(comparable(theirs))];
    if (left !== right) faults.push(`${JSON.stringify(body)}\nours   ${left}\ntheirs ${right}`);
    if (theirs.filter?.kind === 'KIND_CONDITIONAL') conditional += 1;
  }
  return { faults, conditional };
}

interface CheckBody {
  readonly principal: object;
  readonly resources: readonly { readonly actions: readonly string[]; readonly resource: object }[];
}

/** A question of a check as one of a plan: some of the attributes are not known. */
function toPlan(request: object, known: readonly string[]): readonly object[] {
  const { principal, resources } = request as CheckBody;
  return resources.flatMap(({ actions, resource }) => {
    const { id: _, attr = {}, ...rest } = resource as { id: string; attr?: Attributes };
    const kept = Object.fromEntries(Object.entries(attr).filter(([name]) => known.includes(name)));
    return actions.map((action) => ({ action, principal, resource: { ...rest, attr: kept }, includeMeta: true }));
  });
}

describe.skipIf(binary === undefined)('plans beside the real Cerbos', () => {
  it('of conditions', async () => {
    const conditions = [...new Set(fc.sample(CONDITIONS, { seed: SEED, numRuns: 90 }))];
    const known = fc.sample(fc.constantFrom({}, {}, { n: 2 }, { s: 'a', m: { k: 'v' } }), {
      seed: SEED,
      numRuns: conditions.length,
    });
    const requests = conditions.map((_, at) => ({
      action: `a${at}`,
      principal: PRINCIPAL,
      resource: { kind: 'doc', attr: known[at] },
      includeMeta: true,
    }));
    const { faults, conditional } = await beside([conditionStore(conditions)], requests);
    expect(faults.map((fault) => `${conditions[Number(/"a(\d+)"/.exec(fault)?.[1])]}\n${fault}`).join('\n\n')).toBe('');
    expect(conditional).toBeGreaterThan(conditions.length / 3);
  }, 60_000);

  const stores = fc.sample(STORE, { seed: SEED, numRuns: 1 });
  it.each(stores.map((files, index) => [index, files] as const))(
    'of stores: %i',
    async (index, files) => {
      const subsets = fc.sample(fc.subarray(['n', 'dept', 'tags', 'open']), { seed: SEED, numRuns: 40 });
      const requests = fc
        .sample(REQUEST, { seed: SEED + index, numRuns: 40 })
        .flatMap((request, at) => toPlan(request, subsets[at] ?? []));
      const { faults, conditional } = await beside(files, requests);
      expect(faults.join('\n\n')).toBe('');
      expect(conditional).toBeGreaterThan(requests.length / 20);
    },
    60_000,
  );
});
