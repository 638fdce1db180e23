import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/core/limits.ts';
import { membership } from '../../../src/core/relationships/membership-check.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { wellFounded } from './well-founded.ts';
import { OBJECTS, RELATIONS, SUBJECTS, worlds } from './worlds.ts';

const RUN = { seed: 20261124, numRuns: 250 };
const subjects = fc.constantFrom(...SUBJECTS);
const host = (steps?: number) => ({ now: 0, budget: new Budget(steps) });

const QUESTIONS = OBJECTS.flatMap((object) => RELATIONS.map((relation) => ({ object, relation })));

describe('membership, over generated models and relationships', () => {
  it.each([
    { negation: false, errors: false },
    { negation: true, errors: false },
    { negation: false, errors: true },
    { negation: true, errors: true },
  ])('agrees with the well-founded model: %o', (options) => {
    const seen = { yes: 0, no: 0, unknown: 0 };
    fc.assert(
      fc.property(worlds(options), subjects, ({ model, tuples }, subject) => {
        const expected = wellFounded(subject, model, tuples, OBJECTS);
        const index = new TupleIndex(tuples);
        for (const { object, relation } of QUESTIONS) {
          const { kind } = membership({ subject, relation, object }, model, index, host());
          expect(`${object}#${relation} ${kind}`).toBe(`${object}#${relation} ${expected(object, relation)}`);
          seen[kind] += 1;
        }
      }),
      RUN,
    );
    expect(seen.yes).toBeGreaterThan(100);
    expect(seen.no).toBeGreaterThan(100);
    if (options.errors || options.negation) expect(seen.unknown).toBeGreaterThan(20);
    else expect(seen.unknown).toBe(0);
  });

  it('does not depend on the order of the relationships, nor does its proof', () => {
    const shuffled = worlds({ negation: true, errors: true }).chain((world) =>
      fc.record({
        world: fc.constant(world),
        order: fc.shuffledSubarray([...world.tuples], { minLength: world.tuples.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, subjects, ({ world: { model, tuples }, order }, subject) => {
        const [one, other] = [new TupleIndex(tuples), new TupleIndex(order)];
        for (const { object, relation } of QUESTIONS) {
          const query = { subject, relation, object };
          expect(membership(query, model, other, host())).toEqual(membership(query, model, one, host()));
        }
      }),
      { ...RUN, numRuns: 80 },
    );
  });

  it('proves a yes by relationships that suffice for it, where nothing is negated', () => {
    fc.assert(
      fc.property(worlds({ negation: false, errors: true }), subjects, ({ model, tuples }, subject) => {
        const index = new TupleIndex(tuples);
        for (const { object, relation } of QUESTIONS) {
          const query = { subject, relation, object };
          const answer = membership(query, model, index, host());
          if (answer.kind !== 'yes') continue;
          const used = answer.proof.map((step) => step.relationship).filter((tuple) => tuple !== undefined);
          expect(membership(query, model, new TupleIndex(used), host())).toEqual(answer);
          expect(answer.proof[0]).toMatchObject(
            subject === `${object}#${relation}` ? { via: 'self' } : { object, relation },
          );
        }
      }),
      { ...RUN, numRuns: 80 },
    );
  });

  it('under any budget says what it says without one, or names the limit', () => {
    fc.assert(
      fc.property(
        worlds({ negation: true, errors: true }),
        subjects,
        fc.integer({ min: 0, max: 40 }),
        ({ model, tuples }, subject, steps) => {
          const index = new TupleIndex(tuples);
          for (const { object, relation } of QUESTIONS) {
            const query = { subject, relation, object };
            const short = membership(query, model, index, host(steps));
            const whole = membership(query, model, index, host());
            if (short.kind !== 'unknown') expect(short.kind).toBe(whole.kind);
          }
        },
      ),
      { ...RUN, numRuns: 80 },
    );
  });

  it('ends within the budget on dense cycles', () => {
    fc.assert(
      fc.property(worlds({ negation: true, errors: false }), ({ model }) => {
        const everything = OBJECTS.flatMap((object) =>
          ['r0', 'r1', 'r2', 'r3'].flatMap((relation) =>
            OBJECTS.flatMap((user) =>
              ['r0', 'r1', 'r2', 'r3'].map((name) => ({ user: `${user}#${name}`, relation, object })),
            ),
          ),
        );
        const index = new TupleIndex(everything);
        const budget = new Budget();
        membership({ subject: 'user:a', relation: 'r0', object: 'doc:0' }, model, index, { now: 0, budget });
        expect(budget.exhausted).toBe(false);
      }),
      { ...RUN, numRuns: 40 },
    );
  });
});
