import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/core/limits.ts';
import { listObjects } from '../../../src/core/relationships/list-objects.ts';
import { listUsers } from '../../../src/core/relationships/list-users.ts';
import { membership } from '../../../src/core/relationships/membership-check.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { OBJECTS, SUBJECTS, worlds } from './worlds.ts';

const RUN = { seed: 20261124, numRuns: 150 };
const relation = fc.constantFrom('r0', 'r1', 'r2', 'r3');
const host = (steps?: number) => ({ now: 0, budget: new Budget(steps) });

describe('lists agree with membership', () => {
  it('objects', () => {
    fc.assert(
      fc.property(
        worlds({ negation: true, errors: true }),
        relation,
        fc.constantFrom(...SUBJECTS),
        (world, name, subject) => {
          const { model } = world;
          const tuples = new TupleIndex(world.tuples);
          for (const type of ['group', 'doc']) {
            const objects = OBJECTS.filter((object) => object.startsWith(type));
            const answers = objects.map(
              (object) => membership({ subject, relation: name, object }, model, tuples, host()).kind,
            );
            const list = listObjects({ subject, relation: name, type }, model, tuples, host());
            expect(list.objects).toEqual(objects.filter((_, at) => answers[at] === 'yes'));
            expect(list.unknown !== undefined).toBe(answers.includes('unknown'));
          }
        },
      ),
      RUN,
    );
  });

  it('users and usersets', () => {
    fc.assert(
      fc.property(
        worlds({ negation: true, errors: true }),
        relation,
        fc.constantFrom(...OBJECTS),
        (world, name, object) => {
          const { model } = world;
          const tuples = new TupleIndex(world.tuples);
          const kindOf = (subject: string) =>
            membership({ subject, relation: name, object }, model, tuples, host()).kind;
          const entities = listUsers({ object, relation: name, filter: { type: 'user' } }, model, tuples, host());
          for (const user of entities.users) expect(kindOf(user)).toBe('yes');
          for (const user of ['user:a', 'user:b']) {
            // Who is not listed has the relation by the wildcard only: as somebody whom nothing names has it.
            if (!entities.users.includes(user) && kindOf(user) === 'yes') expect(entities.users).toContain('user:*');
          }
          const usersets = listUsers(
            { object, relation: name, filter: { type: 'group', relation: 'r1' } },
            model,
            tuples,
            host(),
          );
          for (const group of ['group:0#r1', 'group:1#r1']) {
            expect(usersets.users.includes(group)).toBe(kindOf(group) === 'yes');
          }
        },
      ),
      RUN,
    );
  });

  it('never passes half a list off as a whole one', () => {
    fc.assert(
      fc.property(worlds({ negation: false, errors: false }), relation, fc.nat(30), (world, name, steps) => {
        const tuples = new TupleIndex(world.tuples);
        const query = { object: 'doc:0', relation: name, filter: { type: 'user' } };
        const short = listUsers(query, world.model, tuples, host(steps));
        if (short.unknown === undefined) expect(short).toEqual(listUsers(query, world.model, tuples, host()));
        else expect(short.unknown).toEqual({ kind: 'limit', limit: 'decisionSteps' });
      }),
      RUN,
    );
  });
});
