import fc from 'fast-check';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest, Decision } from '../../src/core/decision.ts';
import type { Delegation, Revocation } from '../../src/core/delegation/delegation.ts';
import { type BundleSpec, bundlePool } from './bundles.ts';
import { bundleSource, snapshotOf } from './real.ts';
import type { World } from './reference.ts';
import { isGenerous } from './variants.ts';
import type { Case } from './worlds.ts';

/** Fixed, so that a failure is the same everywhere; `BEHALF_SEED` and `BEHALF_RUNS` look further. */
export const SEED = Number(process.env.BEHALF_SEED ?? 20261124);
const RUNS = process.env.BEHALF_RUNS;

export function runs(atLeast: number): number {
  return RUNS === undefined ? atLeast : Number(RUNS);
}

/**
 * Holds `law` against `count` generated cases, and sees to it that it was not vacuous: the law returns true where
 * its premise was met, and that must happen at least `meets` times.
 */
export function holds<T>(arbitrary: fc.Arbitrary<T>, law: (one: T) => boolean, count = 1000, meets = 1000): void {
  const times = runs(count);
  let met = 0;
  const property = fc.property(arbitrary, (one) => {
    if (law(one)) met += 1;
  });
  const details = fc.check(property, { seed: SEED, numRuns: times });
  if (details.failed) throw new Error(failure(details));
  if (process.env.BEHALF_COUNTS !== undefined) console.log(`${expect.getState().currentTestName}: ${met} of ${times}`);
  expect(met, `cases (of ${times}) in which the law had something to say`).toBeGreaterThanOrEqual(
    Math.min(meets, Math.floor((meets * times) / count)),
  );
}

/**
 * Cases that meet a premise, drawn once and shared by all laws that begin with it: drawing is what takes the time.
 * Draws until there are `wanted`, and fails where `within` draws do not hold as many.
 */
export class Sample<T> {
  private readonly arbitrary: fc.Arbitrary<T>;
  private readonly premise: (one: T) => boolean;
  private readonly within: number;
  private readonly wanted: number;
  private drawn: readonly T[] | undefined;

  constructor(arbitrary: fc.Arbitrary<T>, premise: (one: T) => boolean, within: number, wanted = 1000) {
    this.arbitrary = arbitrary;
    this.premise = premise;
    this.within = runs(within);
    this.wanted = Math.min(wanted, Math.floor((wanted * this.within) / within));
  }

  /** Holds `law` against every case; a failure is looked for again so that it can be shrunk. */
  holds(law: (one: T) => void): void {
    for (const one of this.cases()) {
      try {
        law(one);
      } catch (cause) {
        this.shrink(law);
        throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${render(one)}`);
      }
    }
  }

  private cases(): readonly T[] {
    if (this.drawn !== undefined) return this.drawn;
    const kept: T[] = [];
    let draws = 0;
    for (let batch = 0; kept.length < this.wanted && draws < this.within; batch += 1) {
      const drawn = fc.sample(this.arbitrary, { seed: SEED + batch, numRuns: BATCH });
      draws += drawn.length;
      kept.push(...drawn.filter(this.premise));
    }
    if (process.env.BEHALF_COUNTS !== undefined) console.log(`sample: ${kept.length} of ${draws}`);
    expect(kept.length, `cases (of ${draws}) that meet the premise`).toBeGreaterThanOrEqual(this.wanted);
    this.drawn = kept;
    return kept;
  }

  private shrink(law: (one: T) => void): void {
    const property = fc.property(this.arbitrary, (one) => {
      if (this.premise(one)) law(one);
    });
    const details = fc.check(property, { seed: SEED, numRuns: 2 * this.within });
    if (details.failed) throw new Error(failure(details));
  }
}

const BATCH = 500;

function failure<T>(details: fc.RunDetails<[T]>): string {
  const cause = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  const found = details.counterexample?.[0];
  const where = `seed ${details.seed}, run ${details.numRuns}, ${details.numShrinks} times shrunk`;
  return `${cause}\n(${where})\n${render(found)}`;
}

/** Cases as YAML, whatever stands beside them as JSON. */
function render(found: unknown): string {
  if (Array.isArray(found)) return found.map(render).join('\n');
  return isCase(found) ? show(found) : JSON.stringify(found, null, 2);
}

function isCase(found: unknown): found is Case {
  return typeof found === 'object' && found !== null && 'world' in found && 'request' in found && 'now' in found;
}

/** A case as a person reads it. */
export function show({ world, request, now }: Case): string {
  const files = bundleSource(world).files.map(({ path, text }) => `--- ${path}\n${text}`);
  const { tuples, entities, revocations, activations } = world;
  const delegations = world.delegations.map(({ version, created_at, created_by, basis, revision, ...rest }) => rest);
  const rows = { now, request, delegations, revocations, activations, entities, tuples };
  return [...files, '--- rows', stringify(rows, { flowCollectionPadding: false, aliasDuplicateObjects: false })].join(
    '\n',
  );
}

/** The real decision on a world made of plain lists. */
export function ask(world: World, request: CheckRequest, now: number): Decision {
  return decide(request, snapshotOf(world), now);
}

/** The delegations that a decision reports as its chain, first to last. */
export function edgesOf(decision: Decision): readonly string[] {
  return (decision.chain?.steps ?? []).flatMap((step) => (step.kind === 'edge' ? [step.delegation] : []));
}

/** The bundles that all property tests draw from. */
export const POOL = bundlePool(SEED, 60);
/** Those under which users may do most things, so that the delegations decide. */
export const GENEROUS = POOL.filter(isGenerous);

/** All of them, with those under which most things are allowed more often. */
export const MIXED = [...POOL, ...GENEROUS, ...GENEROUS];

/** The world with one delegation changed. */
export function withEdge(world: World, id: string, change: Partial<Delegation>): World {
  const delegations = world.delegations.map((edge) => (edge.id === id ? { ...edge, ...change } : edge));
  return { ...world, delegations };
}

/** The world with the bundle changed. */
export function withBundle(world: World, spec: BundleSpec): World {
  const { model: _model, policies: _policies, ...rest } = world;
  return { ...rest, ...spec };
}

export function edgeOf(world: World, id: string): Delegation {
  const edge = world.delegations.find((one) => one.id === id);
  if (edge === undefined) throw new Error(`no delegation ${id}`);
  return edge;
}

/** A delegation of everything, for `patch` to say from whom to whom. */
export function wideEdge(patch: Pick<Delegation, 'id' | 'from' | 'to'> & Partial<Delegation>): Delegation {
  return {
    capabilities: [{ actions: ['*'], resources: ['doc:*', 'tool:*'] }],
    proof: 'asserted',
    activation: 'standing',
    not_before: 0,
    max_depth: 5,
    version: 1,
    created_at: 0,
    created_by: 'test',
    basis: 'person',
    revision: 1,
    ...patch,
  };
}

/** A revocation for everybody, or a withdrawal by one origin. */
export function revocationOf(delegation: string, origin?: string): Revocation {
  return { delegation, ...(origin === undefined ? {} : { origin }), at: 0, by: 'test', reason: 'test', revision: 2 };
}

/** Principals of the reported chain, the origin first. */
export function peopleOf(decision: Decision): readonly string[] {
  return (decision.chain?.steps ?? []).flatMap((step) => (step.kind === 'principal' ? [step.principal] : []));
}
