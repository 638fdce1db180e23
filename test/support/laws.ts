import fc from 'fast-check';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest, Decision } from '../../src/core/decision.ts';
import { bundleSource, snapshotOf } from './real.ts';
import type { World } from './reference.ts';
import type { Case } from './worlds.ts';

/** Fixed, so that a failure is the same everywhere; `BEHALF_SEED` and `BEHALF_RUNS` look further. */
export const SEED = Number(process.env.BEHALF_SEED ?? 20261124);
const RUNS = process.env.BEHALF_RUNS;

export function runs(atLeast: number): number {
  return RUNS === undefined ? atLeast : Number(RUNS);
}

/** Cases in which a law had something to say; the others are drawn, looked at and not counted. */
export class Witness {
  private readonly seen = new Map<string, number>();

  note(what: string): void {
    this.seen.set(what, this.of(what) + 1);
  }

  of(what: string): number {
    return this.seen.get(what) ?? 0;
  }

  toString(): string {
    return [...this.seen].map(([what, count]) => `${what} ${count}`).join(', ');
  }
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
