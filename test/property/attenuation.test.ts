import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DerivedDelegation, deriveChild } from '../../src/core/delegation/attenuation.ts';
import { type Delegation, PROOFS } from '../../src/core/delegation/delegation.ts';
import type { DelegationDraft } from '../../src/core/delegation/draft.ts';
import { Forest } from '../../src/core/delegation/forest.ts';
import { containsPattern, entityPatternFault, matchesPattern } from '../../src/core/delegation/patterns.ts';
import { holds, Sample } from '../support/laws.ts';
import { covers } from '../support/reference.ts';
import {
  ACTION_PATTERNS,
  ACTIONS,
  AGENTS,
  HOUR,
  PRINCIPAL_PATTERNS,
  RESOURCE_PATTERNS,
  RESOURCES,
  START,
} from '../support/universe.ts';

const capability = fc.record({
  actions: fc.uniqueArray(fc.constantFrom(...ACTION_PATTERNS), { minLength: 1, maxLength: 2 }),
  resources: fc.uniqueArray(fc.constantFrom(...RESOURCE_PATTERNS), { minLength: 1, maxLength: 2 }),
});
const time = fc.integer({ min: -3, max: 3 }).map((hours) => START + hours * HOUR);
const seldom = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

/** Bounds, each of which is stated in one of `1 / (1 + freq)` drafts. */
const bounds = fc.record({
  origin: seldom(fc.constantFrom('user:alice', 'user:alice', 'user:bob')),
  proof: seldom(fc.constantFrom(...PROOFS)),
  not_before: seldom(time),
  expires_at: seldom(time),
  activation: seldom(fc.constantFrom('standing' as const, 'session' as const)),
  max_session: seldom(fc.constantFrom(60, 600, 3600)),
  max_depth: seldom(fc.nat(3)),
  onward_to: seldom(fc.uniqueArray(fc.constantFrom(...PRINCIPAL_PATTERNS), { minLength: 1, maxLength: 2 })),
});

/** What is stated of the bounds; half of the drafts state none beyond two. */
const stated = fc.tuple(bounds, fc.nat(9), fc.nat(9)).map(([all, first, second]) => {
  const entries = Object.entries(all).filter(([, value]) => value !== undefined);
  const kept = entries.filter((_, at) => at % 5 === first % 5 || at % 5 === second % 5);
  return Object.fromEntries(kept) as Partial<DelegationDraft>;
});

const capabilities = fc.oneof(
  fc.constant([{ actions: ['read'], resources: ['doc:plan'] }]),
  fc.constant([{ actions: ['*'], resources: ['doc:*', 'tool:*'] }]),
  fc.array(capability, { minLength: 1, maxLength: 2 }),
);

const draft = fc
  .record({ to: fc.constantFrom('agent:worker', ...AGENTS), capabilities, bounds: stated })
  .map(({ bounds: some, ...rest }): DelegationDraft => ({ ...rest, ...some }));

const ROOT: Delegation = {
  id: 'root',
  from: 'user:alice',
  to: 'agent:planner',
  capabilities: [{ actions: ['*'], resources: ['doc:*', 'tool:*'] }],
  proof: 'asserted',
  activation: 'standing',
  not_before: START - 3 * HOUR,
  max_depth: 4,
  version: 1,
  created_at: START,
  created_by: 'test',
  basis: 'person',
  revision: 1,
};

/** A root narrowed at random, and what somebody asks for below it. */
const pair = fc.record({ above: stated, wide: capabilities, below: draft }).map(({ above, wide, below }) => {
  const parent: Delegation = {
    ...ROOT,
    capabilities: wide,
    ...above,
    origin: 'user:alice',
    max_depth: (above.max_depth ?? 3) + 1,
  };
  return { parent, below };
});

function derive(parent: Delegation, child: DelegationDraft) {
  const forest = new Forest();
  forest.add(parent);
  const node = forest.get(parent.id);
  if (node === undefined) throw new Error('the parent is not in the forest');
  const before = JSON.stringify(parent);
  const result = deriveChild(child, node);
  if (JSON.stringify(parent) !== before) throw new Error('the parent was changed');
  if ([...forest.all()].length !== 1) throw new Error('something was added to the forest');
  return result;
}

function made(parent: Delegation, child: DelegationDraft): DerivedDelegation {
  const result = derive(parent, child);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const accepted = new Sample(pair, ({ parent, below }) => derive(parent, below).ok, 6000);

/** Everything that can be asked in the little universe. */
const QUESTIONS = ACTIONS.flatMap((action) => RESOURCES.map((resource) => ({ action, resource })));

function carries(edge: Pick<Delegation, 'capabilities'>, action: string, resource: string): boolean {
  return edge.capabilities.some(
    ({ actions, resources }) => actions.some((p) => covers(p, action)) && resources.some((p) => covers(p, resource)),
  );
}

const end = (edge: { readonly expires_at?: number | undefined }) => edge.expires_at ?? Number.POSITIVE_INFINITY;

describe('making a delegation', () => {
  it('2: what a child may do, its parent may; wider is refused', () => {
    let refused = 0;
    holds(
      pair,
      ({ parent, below }) => {
        const made = derive(parent, below);
        const wider = QUESTIONS.filter(
          ({ action, resource }) => carries(below, action, resource) && !carries(parent, action, resource),
        );
        if (wider.length > 0) {
          expect(made.ok, `wider in ${JSON.stringify(wider[0])}`).toBe(false);
          refused += 1;
        }
        if (!made.ok) {
          expect(made.error.length).toBeGreaterThan(0);
          return wider.length > 0;
        }
        expect(made.value.capabilities).toEqual(below.capabilities);
        return true;
      },
      2500,
      1000,
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('2: what lies within the parent in everything is not refused', () => {
    holds(pair, ({ parent }) => {
      const { capabilities, onward_to, proof, expires_at } = parent;
      const below: DelegationDraft = {
        to: 'agent:worker',
        capabilities,
        proof,
        max_depth: Math.max(0, parent.max_depth - 1),
        ...(onward_to === undefined ? {} : { onward_to }),
        ...(expires_at === undefined ? {} : { expires_at }),
      };
      const may = parent.max_depth > 0 && (onward_to ?? ['*']).some((pattern) => covers(pattern, 'agent:worker'));
      const made = derive(parent, below);
      expect(made.ok, JSON.stringify(made)).toBe(may);
      return true;
    });
  });

  it('8: the window, the proof and the session of a child lie within its parent', () => {
    accepted.holds(({ parent, below }) => {
      const child = made(parent, below);
      expect(child.not_before).toBeGreaterThanOrEqual(parent.not_before);
      expect(end(child)).toBeLessThanOrEqual(end(parent));
      expect(PROOFS.indexOf(child.proof)).toBeGreaterThanOrEqual(PROOFS.indexOf(parent.proof));
      if (parent.activation === 'session' && child.activation === 'session') {
        expect(child.max_session ?? 0).toBeLessThanOrEqual(parent.max_session ?? Number.POSITIVE_INFINITY);
      }
      expect([undefined, 'user:alice']).toContain(child.origin);
    });
  });

  it('9: a child may be handed on fewer times than its parent', () => {
    accepted.holds(({ parent, below }) => {
      expect(made(parent, below).max_depth).toBeLessThan(parent.max_depth);
      for (const max_depth of [parent.max_depth, parent.max_depth + 1]) {
        expect(derive(parent, { ...below, max_depth }).ok).toBe(false);
      }
    });
  });

  it('10: below max_depth 0 nothing is made, and the right to hand on never comes back', () => {
    holds(pair, ({ parent, below }) => {
      expect(derive({ ...parent, max_depth: 0 }, below).ok).toBe(false);
      return true;
    });
    holds(
      fc.record({ depth: fc.nat(4), asked: fc.array(fc.option(fc.nat(5), { nil: undefined }), { maxLength: 6 }) }),
      ({ depth, asked }) => {
        const forest = new Forest();
        forest.add({ ...ROOT, max_depth: depth });
        let id = ROOT.id;
        let hops = 0;
        for (const [at, max_depth] of asked.entries()) {
          const node = forest.get(id);
          if (node === undefined) throw new Error('lost in the forest');
          const made = deriveChild(
            {
              to: `agent:a${at}`,
              capabilities: [{ actions: ['read'], resources: ['doc:plan'] }],
              ...(max_depth === undefined ? {} : { max_depth }),
            },
            node,
          );
          if (!made.ok) break;
          id = `child${at}`;
          forest.add({ ...ROOT, ...made.value, id });
          hops += 1;
        }
        expect(hops).toBeLessThanOrEqual(depth);
        return true;
      },
    );
  });

  it('11, 12: a child starts where its parent ends, and nobody is on a chain twice', () => {
    holds(
      fc.record({ below: draft, from: fc.constantFrom(undefined, 'agent:planner', 'agent:worker', 'user:alice') }),
      ({ below, from }) => {
        const made = derive({ ...ROOT, to: 'agent:planner' }, { ...below, ...(from === undefined ? {} : { from }) });
        if (from !== undefined && from !== 'agent:planner') expect(made.ok).toBe(false);
        if (below.to === 'agent:planner') expect(made.ok).toBe(false);
        if (!made.ok) return from !== undefined || below.to === 'agent:planner';
        expect(made.value.from).toBe('agent:planner');
        expect(made.value.parent).toBe(ROOT.id);
        return true;
      },
      1500,
    );
    expect(derive({ ...ROOT, to: 'agent:planner' }, { to: 'user:alice', capabilities: ROOT.capabilities }).ok).toBe(
      false,
    );
  });

  it('onward_to: what a child may be handed on to, its parent may', () => {
    const patterns = fc.uniqueArray(fc.constantFrom(...PRINCIPAL_PATTERNS), { minLength: 1, maxLength: 3 });
    const bound = new Sample(
      fc.record({ both: pair, outer: patterns }).map(({ both, outer }) => ({ ...both, outer })),
      ({ parent, below, outer }) => derive({ ...parent, onward_to: outer }, below).ok,
      8000,
    );
    bound.holds(({ parent, below, outer }) => {
      const child = made({ ...parent, onward_to: outer }, below);
      expect(outer.some((pattern) => covers(pattern, below.to))).toBe(true);
      for (const name of [...AGENTS, 'user:bob']) {
        if (child.onward_to?.some((pattern) => covers(pattern, name)) ?? true) {
          expect(
            outer.some((pattern) => covers(pattern, name)),
            name,
          ).toBe(true);
        }
      }
    });
  });
});

describe('26: patterns end at separators', () => {
  const segment = fc.constantFrom('crypto', 'cryptocurrency', 'a', 'b', 'github');
  /** Names as lists of segments and the separators before each, so that the test compares lists and no text. */
  const name = fc.array(fc.tuple(fc.constantFrom('/', ':'), segment), { minLength: 1, maxLength: 4 });
  const text = (parts: readonly (readonly [string, string])[]) =>
    `tool:${parts.map(([separator, word], at) => (at === 0 ? word : separator + word)).join('')}`;

  it('a prefix covers exactly the names that go on after its separator', () => {
    holds(
      fc.record({ prefix: name, separator: fc.constantFrom('/', ':'), other: name, longer: fc.boolean() }),
      ({ prefix, separator, other, longer }) => {
        const rest = longer ? [...prefix, ...other] : other;
        const pattern = `${text(prefix)}${separator}*`;
        expect(entityPatternFault(pattern)).toBeUndefined();
        const first = prefix.every(
          ([mark, word], at) => word === rest[at]?.[1] && (at === 0 || mark === rest[at]?.[0]),
        );
        const covered = first && rest.length > prefix.length && rest[prefix.length]?.[0] === separator;
        expect(matchesPattern(pattern, text(rest)), `${pattern} and ${text(rest)}`).toBe(covered);
        return true;
      },
    );
  });

  it('one pattern contains another iff it covers all that the other covers', () => {
    const pattern = fc
      .record({ parts: name, star: fc.constantFrom('', '/*', ':*') })
      .map(({ parts, star }) => text(parts) + star);
    const samples = fc.sample(name, { seed: 1, numRuns: 300 }).map(text);
    holds(
      fc.tuple(pattern, pattern),
      ([outer, inner]) => {
        const contained = containsPattern(outer, inner);
        const witnesses = [
          ...samples,
          ...(inner.endsWith('*') ? [inner.replace('*', 'z'), inner.replace('*', 'a/z')] : [inner]),
        ];
        const all = witnesses.filter((one) => matchesPattern(inner, one)).every((one) => matchesPattern(outer, one));
        expect(contained, `${outer} and ${inner}`).toBe(all);
        return true;
      },
      1000,
    );
  });

  it('tool:crypto/* does not cover tool:cryptocurrency/x, and a star anywhere else is refused', () => {
    expect(matchesPattern('tool:crypto/*', 'tool:cryptocurrency/x')).toBe(false);
    expect(containsPattern('tool:crypto/*', 'tool:cryptocurrency/*')).toBe(false);
    holds(fc.record({ parts: name, tail: fc.constantFrom('*', 'x*', '/*/y', '/a*', ':*:*') }), ({ parts, tail }) => {
      expect(entityPatternFault(text(parts) + tail), text(parts) + tail).toBeDefined();
      return true;
    });
    expect(entityPatternFault('*')).toBeDefined();
  });
});
