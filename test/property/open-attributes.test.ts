import { describe, expect, it } from 'vitest';
import { compileBundle } from '../../src/core/bundle.ts';
import { decide } from '../../src/core/decide.ts';
import type { CheckRequest } from '../../src/core/decision.ts';
import type { Attributes, Json } from '../../src/core/entity.ts';
import { formatProblem } from '../../src/core/problem.ts';
import type { Bundle, Snapshot } from '../../src/core/snapshot.ts';
import { State } from '../../src/core/state.ts';
import type { BundleSpec } from '../support/bundles.ts';
import { CONDITIONS } from '../support/conditions.ts';
import { GENEROUS, holds, POOL, runs } from '../support/laws.ts';
import type { Match } from '../support/policy-spec.ts';
import { bundleSource, rowsOf } from '../support/real.ts';
import type { World } from '../support/reference.ts';
import { type Case, cases } from '../support/worlds.ts';

/** What an expression of the generated worlds becomes: `it` stands for what it was. */
const READING: readonly ((it: string) => string)[] = [
  () => 'R.attr.args.x == 1',
  () => '!(R.attr.args.x == 1)',
  () => 'has(R.attr.args.x)',
  () => 'R.attr.args.list.exists(e, e == 1)',
  () => '[1, 2].exists(e, R.attr.args.x == e)',
  () => 'R.attr.?args.?x.orValue(1) == 1',
  () => 'size(R.attr) > 0 && R.attr.args == R.attr.args',
  (it) => `R.attr.args.x == 1 || (${it})`,
  (it) => `(${it}) && R.attr.args.x == 1`,
  (it) => `R.attr.args.x == 1 ? (${it}) : R.attr.args.x == 2`,
  (it) => `[true, false].exists(e, R.attr.args.x == 1 || (e && (${it})))`,
  (it) => `[true, false].all(e, R.attr.args.x == 1 || (${it}))`,
  (it) => `cel.bind(args, R.attr, (${it}) || args.args.x == 1)`,
];

/** What the open attribute may turn out to be; undefined where it is not there at all. */
const CLOSINGS: readonly (Json | undefined)[] = [
  undefined,
  {},
  { x: 1 },
  { x: 2, list: [] },
  { x: 1, list: [1, 'a'] },
  { x: 'text', list: [2] },
  'text',
  null,
  true,
];

interface Open {
  readonly snapshot: Snapshot;
  readonly request: CheckRequest;
  readonly now: number;
}

/** `bundles` keeps what is compiled, for every world is asked about one of few. */
function openBundles(pool: readonly BundleSpec[], semantics: string) {
  const compiled = new Map<BundleSpec, Bundle>();
  const rewritten = pool.map(rewrite);
  const bundle = (spec: BundleSpec): Bundle => {
    const known = compiled.get(spec);
    if (known !== undefined) return known;
    const { digest, files } = bundleSource(spec);
    const settings = { path: 'policies/behalf.yaml', text: `semantics: ${semantics}\n` };
    const result = compileBundle({ digest, files: [...files, settings] });
    if (!result.ok) throw new Error(result.error.map(formatProblem).join('\n'));
    compiled.set(spec, result.value);
    return result.value;
  };
  return { pool: rewritten, bundle };
}

/** The bundle with most of its conditions reading `R.attr.args`. */
function rewrite(spec: BundleSpec, seed: number): BundleSpec {
  let count = seed;
  const source = (cel: string): string => {
    count = (count * 7 + 3) % 101;
    const wrap = READING[count % READING.length];
    return count % 4 === 0 || wrap === undefined ? cel : wrap(cel);
  };
  const within = <T extends { readonly condition?: Match }>(item: T): T =>
    item.condition === undefined
      ? item
      : { ...item, condition: { ...item.condition, of: item.condition.of.map(source) } };
  const { derived, resources, principals, roles } = spec.policies;
  const policies = {
    derived: derived.map(within),
    resources: resources.map((policy) => ({
      ...policy,
      variables: Object.fromEntries(Object.entries(policy.variables).map(([name, cel]) => [name, source(cel)])),
      rules: policy.rules.map(within),
    })),
    principals: principals.map((policy) => ({ ...policy, rules: policy.rules.map(within) })),
    roles: roles.map((policy) => ({ ...policy, rules: policy.rules.map(within) })),
  };
  return spec.model === undefined ? { policies } : { model: spec.model, policies };
}

function snapshot(world: World, bundle: Bundle): Snapshot {
  const state = new State();
  for (const row of rowsOf(world)) state.apply(row, 1);
  return state.snapshot(bundle);
}

const openly = ({ snapshot, request, now }: Open) => decide({ ...request, openAttributes: ['args'] }, snapshot, now);

function closings({ snapshot, request, now }: Open): readonly boolean[] {
  return CLOSINGS.map((args) => {
    const resourceAttributes: Attributes = {
      ...request.resourceAttributes,
      ...(args === undefined ? undefined : { args }),
    };
    return decide({ ...request, resourceAttributes }, snapshot, now).allowed;
  });
}

const edgeConditions = READING.flatMap((wrap) => [wrap('true'), wrap('R.attr.risk == "low"')]);
/** With `cerbos` semantics types are no roles by themselves. */
const TYPES_AS_ROLES = { origin: { roles: ['user'] }, actor: { roles: ['agent'] } };

describe.each([
  ['strict', [...GENEROUS, ...POOL.slice(0, 10)], 1200],
  ['cerbos', [...GENEROUS, ...POOL.slice(0, 10)], 600],
])('with %s semantics', (semantics, specs, count) => {
  const { pool, bundle } = openBundles(specs, semantics);
  const worlds = cases({ pool, calm: true, conditions: edgeConditions, assertions: true });
  const toOpen = ({ world, request, now }: Case): Open => {
    const spec = pool.find(({ policies }) => policies === world.policies);
    if (spec === undefined) throw new Error('a world is of some bundle');
    const asked = semantics === 'strict' ? request : { ...request, asserted: TYPES_AS_ROLES };
    return { snapshot: snapshot(world, bundle(spec)), request: asked, now };
  };

  it('an allow is one, and a denial is one, whatever the open attribute turns out to be; the rest is no allow', () => {
    const met = { allow: 0, deny: 0, depends: 0, parted: 0 };
    holds(
      worlds,
      (one) => {
        const open = toOpen(one);
        const { allowed, reason, reasons } = openly(open);
        const answers = closings(open);
        if (reason === 'depends') {
          expect({ allowed, reasons }).toEqual({ allowed: false, reasons: ['depends'] });
          met.depends += 1;
          if (new Set(answers).size === 2) met.parted += 1;
        } else {
          expect(answers).toEqual(CLOSINGS.map(() => allowed));
          expect(reasons).not.toContain('depends');
          met[allowed ? 'allow' : 'deny'] += 1;
        }
        return true;
      },
      count,
      count,
    );
    if (process.env.BEHALF_COUNTS !== undefined) console.log(met);
    const share = (part: number) => part / runs(count);
    expect(share(met.allow)).toBeGreaterThan(0.05);
    expect(share(met.deny)).toBeGreaterThan(0.05);
    expect(share(met.depends)).toBeGreaterThan(0.05);
    expect(met.parted / met.depends, 'of what depends, what some values would part').toBeGreaterThan(0.8);
  });

  it('where nothing reads it, leaving it open changes nothing', () => {
    const unread = openBundles(specs, semantics);
    const plain = cases({ pool: specs, conditions: CONDITIONS.plain, assertions: true });
    holds(
      plain,
      ({ world, request, now }) => {
        const { model, policies } = world;
        const spec = specs.find((other) => other.policies === policies) ?? { ...(model && { model }), policies };
        const asked = { snapshot: snapshot(world, unread.bundle(spec)), request, now };
        expect(openly(asked)).toEqual(decide(request, asked.snapshot, now));
        return true;
      },
      500,
      500,
    );
  });
});
