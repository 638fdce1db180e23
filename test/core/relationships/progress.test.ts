import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typeOf } from '../../../src/core/entity.ts';
import { Budget } from '../../../src/core/limits.ts';
import { MembershipWalk } from '../../../src/core/relationships/membership-walk.ts';
import { toSubject } from '../../../src/core/relationships/query.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { modelOf, tuplesOf } from './model-fixture.ts';
import { wellFounded } from './well-founded.ts';
import { OBJECTS, RELATIONS, SUBJECTS, worlds } from './worlds.ts';

const QUESTIONS = OBJECTS.flatMap((object) => RELATIONS.map((relation) => ({ object, relation })));

/** One walk asked everything in any order: what it kept from one question must be right for all the others. */
describe('what a walk keeps', () => {
  it.each([
    { negation: false, errors: false },
    { negation: true, errors: false },
    { negation: true, errors: true },
  ])('holds for every later question: %o', (options) => {
    const order = fc.shuffledSubarray(QUESTIONS, { minLength: QUESTIONS.length });
    fc.assert(
      fc.property(worlds(options), fc.constantFrom(...SUBJECTS), order, ({ model, tuples }, subject, questions) => {
        const expected = wellFounded(subject, model, tuples, OBJECTS);
        const walk = new MembershipWalk(toSubject(subject), model, new TupleIndex(tuples), undefined, new Budget());
        for (const { object, relation } of questions) {
          const { kind } = walk.enter(object, typeOf(object), relation);
          expect(`${object}#${relation} ${kind}`).toBe(`${object}#${relation} ${expected(object, relation)}`);
        }
      }),
      { seed: 20261124, numRuns: 400 },
    );
  });

  it('is not used on the other side of a negation than it was found on', () => {
    const model = modelOf(`
type doc
  relations
    define base: [user]
    define m: [user, doc#root]
    define root: m or (base but not m)
`);
    const tuples = new TupleIndex(tuplesOf('doc:1#base@user:a', 'doc:1#m@doc:1#root'));
    const walk = new MembershipWalk(toSubject('user:a'), model, tuples, undefined, new Budget());
    expect(walk.enter('doc:1', 'doc', 'root').kind).toBe('unknown');
  });

  it('rests on what the questions that it rests on rest on', () => {
    const model = modelOf(`
type doc
  relations
    define late: [user]
    define m: [user, doc#n]
    define n: [user, doc#a, doc#m]
    define q: [user, doc#m]
    define a: [user, doc#n, doc#q] or late
`);
    const tuples = new TupleIndex(
      tuplesOf(
        'doc:1#a@doc:1#n',
        'doc:1#a@doc:1#q',
        'doc:1#n@doc:1#a',
        'doc:1#n@doc:1#m',
        'doc:1#m@doc:1#n',
        'doc:1#q@doc:1#m',
        'doc:1#late@user:a',
      ),
    );
    const walk = new MembershipWalk(toSubject('user:a'), model, tuples, undefined, new Budget());
    for (const relation of ['a', 'q', 'm', 'n']) expect(walk.enter('doc:1', 'doc', relation).kind).toBe('yes');
  });
});
