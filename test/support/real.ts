import { compileBundle } from '../../src/core/bundle.ts';
import { type BundleSource, type Change, relationshipKey, revocationKey } from '../../src/core/change.ts';
import { formatProblem } from '../../src/core/problem.ts';
import type { Bundle, Snapshot } from '../../src/core/snapshot.ts';
import { State } from '../../src/core/state.ts';
import type { BundleSpec } from './bundles.ts';
import { renderModel } from './model-spec.ts';
import { renderPolicies } from './policy-spec.ts';
import type { World } from './reference.ts';

const compiled = new WeakMap<object, WeakMap<object, Bundle>>();
const NO_MODEL = {};

/** The files of a bundle, as a person would have written them. */
export function bundleSource(spec: BundleSpec): BundleSource {
  const model = spec.model === undefined ? [] : [{ path: 'model/main.fga', text: renderModel(spec.model) }];
  return { digest: 'sha256:test', files: [...model, ...renderPolicies(spec.policies)] };
}

/** The bundle of a world, compiled once. */
export function bundleOf(spec: BundleSpec): Bundle {
  const byPolicies = compiled.get(spec.policies) ?? new WeakMap<object, Bundle>();
  compiled.set(spec.policies, byPolicies);
  const known = byPolicies.get(spec.model ?? NO_MODEL);
  if (known !== undefined) return known;
  const source = bundleSource(spec);
  const result = compileBundle(source);
  if (!result.ok) {
    const texts = source.files.map((file) => `--- ${file.path}\n${file.text}`);
    throw new Error([...result.error.map(formatProblem), ...texts].join('\n'));
  }
  byPolicies.set(spec.model ?? NO_MODEL, result.value);
  return result.value;
}

/** The world as rows of the store, in an order that nothing may depend on. */
export function rowsOf(world: World): readonly Change[] {
  return [
    ...world.tuples.map((value): Change => ({ kind: 'relationship', key: relationshipKey(value), value })),
    ...world.entities.map((value): Change => ({ kind: 'entity', key: value.entity, value })),
    ...world.delegations.map((value): Change => ({ kind: 'delegation', key: value.id, value })),
    ...world.activations.map((value): Change => ({ kind: 'activation', key: value.id, value })),
    ...world.revocations.map(
      (value): Change => ({ kind: 'revocation', key: revocationKey(value.delegation, value.origin), value }),
    ),
  ];
}

/** What the real decision reads, made from the rows in the given order. */
export function snapshotOf(world: World, rows: readonly Change[] = rowsOf(world)): Snapshot {
  const state = new State();
  for (const row of rows) state.apply(row, 1);
  return state.snapshot(bundleOf(world));
}
