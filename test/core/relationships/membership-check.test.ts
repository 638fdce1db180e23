import { describe, expect, it } from 'vitest';
import { Budget, LIMITS } from '../../../src/core/limits.ts';
import type { Membership } from '../../../src/core/relationships/membership.ts';
import { membership } from '../../../src/core/relationships/membership-check.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { modelOf, tuplesOf } from './model-fixture.ts';

const host = (steps?: number) => ({ now: 0, budget: new Budget(steps) });

const MODEL = modelOf(`
type group
  relations
    define member: [user, user:*, group#member, user with c]
type folder
  relations
    define parent: [folder]
    define viewer: [user, group#member] or viewer from parent
type doc
  relations
    define parent: [folder, folder with c]
    define blocked: [user, group#member, user with c]
    define viewer: [user, user with c] or viewer from parent
    define can_read: viewer but not blocked
    define both: viewer and blocked
condition c(x: int, y: int) {
  x > y
}
`);

function ask(question: string, tuples: TupleIndex, context?: { readonly [key: string]: unknown }): Membership {
  const [tuple] = tuplesOf(question);
  if (tuple === undefined) expect.fail(question);
  const { user: subject, relation, object } = tuple;
  return membership(
    { subject, relation, object, ...(context === undefined ? {} : { context }) },
    MODEL,
    tuples,
    host(),
  );
}

describe('membership', () => {
  it('proves a yes from the outside to the relationship that it ends on', () => {
    const tuples = new TupleIndex(
      tuplesOf('doc:1#parent@folder:a', 'folder:a#viewer@group:x#member', 'group:x#member@user:ann'),
    );
    const answer = ask('doc:1#can_read@user:ann', tuples);
    expect(
      answer.kind === 'yes' && answer.proof.map(({ object, relation, via }) => `${object}#${relation} ${via}`),
    ).toEqual([
      'doc:1#can_read exclusion',
      'doc:1#can_read computed',
      'doc:1#viewer union',
      'doc:1#viewer tuple_to_userset',
      'folder:a#viewer union',
      'folder:a#viewer userset',
      'group:x#member direct',
    ]);
    expect(answer.kind === 'yes' && answer.proof.at(-1)?.relationship?.user).toBe('user:ann');
  });

  it('takes a userset as a member of itself and of what contains it, but never by a wildcard', () => {
    const tuples = new TupleIndex(tuplesOf('group:x#member@group:y#member', 'group:p#member@user:*'));
    expect(ask('group:y#member@group:y#member', tuples)).toMatchObject({ kind: 'yes', proof: [{ via: 'self' }] });
    expect(ask('group:x#member@group:y#member', tuples).kind).toBe('yes');
    expect(ask('group:y#member@group:x#member', tuples).kind).toBe('no');
    expect(ask('group:p#member@user:ann', tuples)).toMatchObject({ kind: 'yes', proof: [{ via: 'wildcard' }] });
    expect(ask('group:p#member@user:*', tuples).kind).toBe('yes');
    expect(ask('group:p#member@group:y#member', tuples).kind).toBe('no');
  });

  it('lets the stored context of a condition win over the request', () => {
    const condition = { name: 'c', context: { y: 5 } };
    const tuples = new TupleIndex([{ object: 'doc:1', relation: 'viewer', user: 'user:ann', condition }]);
    expect(ask('doc:1#viewer@user:ann', tuples, { x: 6 }).kind).toBe('yes');
    expect(ask('doc:1#viewer@user:ann', tuples, { x: 4 }).kind).toBe('no');
    expect(ask('doc:1#viewer@user:ann', tuples, { x: 4, y: 0 }).kind).toBe('no');
    expect(ask('doc:1#viewer@user:ann', tuples)).toMatchObject({ kind: 'unknown', because: { kind: 'error' } });
    expect(ask('doc:1#viewer@user:ann', tuples, { x: 'many' }).kind).toBe('unknown');
  });

  it('combines unknown: yes beats it in a union, no in an intersection, and an exclusion keeps it', () => {
    const condition = { name: 'c' };
    const unknownViewer = { object: 'doc:1', relation: 'viewer', user: 'user:ann', condition };
    const parents = tuplesOf('doc:1#parent@folder:a', 'folder:a#viewer@user:ann');
    expect(ask('doc:1#viewer@user:ann', new TupleIndex([unknownViewer])).kind).toBe('unknown');
    expect(ask('doc:1#viewer@user:ann', new TupleIndex([unknownViewer, ...parents])).kind).toBe('yes');
    expect(ask('doc:1#both@user:ann', new TupleIndex([unknownViewer])).kind).toBe('no');
    const unknownBlock = { object: 'doc:1', relation: 'blocked', user: 'user:ann', condition };
    expect(ask('doc:1#can_read@user:ann', new TupleIndex([unknownBlock, ...parents])).kind).toBe('unknown');
    expect(ask('doc:1#can_read@user:ann', new TupleIndex([unknownBlock])).kind).toBe('no');
    const block = tuplesOf('doc:1#blocked@user:ann');
    expect(ask('doc:1#can_read@user:ann', new TupleIndex([unknownViewer, ...block])).kind).toBe('no');
  });

  it('does not count relationships that the model does not allow', () => {
    const tuples = new TupleIndex(
      tuplesOf(
        'folder:a#viewer@user:*',
        'folder:a#viewer@folder:b#viewer',
        'folder:b#viewer@user:ann',
        'doc:1#parent@group:x',
      ),
    );
    expect(ask('folder:a#viewer@user:ann', tuples).kind).toBe('no');
    const conditional = {
      object: 'folder:a',
      relation: 'viewer',
      user: 'user:ann',
      condition: { name: 'c', context: { x: 1, y: 0 } },
    };
    expect(ask('folder:a#viewer@user:ann', new TupleIndex([conditional])).kind).toBe('no');
  });

  it('is unknown beyond the depth limit, and up to it is not', () => {
    const chain = (length: number) =>
      new TupleIndex(
        tuplesOf(
          ...Array.from({ length }, (_, at) => `group:${at}#member@group:${at + 1}#member`),
          `group:${length}#member@user:ann`,
        ),
      );
    const deepest = LIMITS.relationshipDepth - 1;
    expect(ask('group:0#member@user:ann', chain(deepest)).kind).toBe('yes');
    expect(ask('group:0#member@user:ann', chain(deepest + 1))).toEqual({
      kind: 'unknown',
      because: { kind: 'limit', limit: 'relationshipDepth' },
    });
  });

  it('finds the short way to what was too deep on a long one met first', () => {
    const long = Array.from(
      { length: LIMITS.relationshipDepth },
      (_, at) => `group:a${at}#member@group:a${at + 1}#member`,
    );
    const tuples = new TupleIndex(
      tuplesOf(
        'group:0#member@group:a0#member',
        'group:0#member@group:b#member',
        ...long,
        `group:b#member@group:a${LIMITS.relationshipDepth - 4}#member`,
        `group:a${LIMITS.relationshipDepth}#member@user:ann`,
      ),
    );
    expect(ask('group:0#member@user:ann', tuples).kind).toBe('yes');
  });

  it('names the limit when the steps are used up', () => {
    const tuples = new TupleIndex(tuplesOf('doc:1#viewer@user:ann'));
    const query = { subject: 'user:ann', relation: 'can_read', object: 'doc:1' };
    expect(membership(query, MODEL, tuples, host(1))).toEqual({
      kind: 'unknown',
      because: { kind: 'limit', limit: 'decisionSteps' },
    });
  });

  it('walks a ladder of diamonds once, not once per way', () => {
    const rungs = Array.from({ length: 12 }, (_, at) =>
      ['l', 'r'].flatMap((from) => ['l', 'r'].map((to) => `group:${from}${at}#member@group:${to}${at + 1}#member`)),
    ).flat();
    const budget = new Budget(200);
    const query = { subject: 'user:ann', relation: 'member', object: 'group:l0' };
    expect(membership(query, MODEL, new TupleIndex(tuplesOf(...rungs)), { now: 0, budget }).kind).toBe('no');
  });

  it('calls a membership that hangs on its own negation a paradox', () => {
    const model = modelOf(`
type doc
  relations
    define restricted: [user, doc#viewer]
    define viewer: [user] but not restricted
`);
    const tuples = new TupleIndex(tuplesOf('doc:1#viewer@user:ann', 'doc:1#restricted@doc:1#viewer'));
    const query = { subject: 'user:ann', relation: 'viewer', object: 'doc:1' };
    expect(membership(query, model, tuples, host())).toMatchObject({ kind: 'unknown', because: { paradox: true } });
  });

  it('cannot tell about a relation that the model does not have', () => {
    expect(ask('doc:1#nix@user:ann', new TupleIndex())).toMatchObject({ kind: 'unknown', because: { kind: 'error' } });
    expect(ask('nix:1#viewer@user:ann', new TupleIndex()).kind).toBe('unknown');
    expect(ask('doc:1#viewer@robot:1', new TupleIndex()).kind).toBe('no');
  });
});
