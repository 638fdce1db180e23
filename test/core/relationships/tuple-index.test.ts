import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relationshipKey } from '../../../src/core/change.ts';
import type { Relationship } from '../../../src/core/relationships/membership.ts';
import { TupleIndex } from '../../../src/core/relationships/tuple-index.ts';
import { compareTuples } from '../../../src/core/relationships/tuple-order.ts';
import { overlay } from '../../../src/core/relationships/tuple-overlay.ts';
import type { TupleReader } from '../../../src/core/relationships/tuples.ts';

const OBJECTS = ['doc:1', 'doc:2', 'group:x@y'];
const RELATIONS = ['viewer', 'member'];
const USERS = ['user:a', 'user:b@c', 'user:*', 'group:x@y', 'group:x@y#member', 'group:x@y#viewer', 'doc:1#viewer'];

const tuple: fc.Arbitrary<Relationship> = fc.record(
  {
    user: fc.constantFrom(...USERS),
    relation: fc.constantFrom(...RELATIONS),
    object: fc.constantFrom(...OBJECTS),
    condition: fc.constantFrom({ name: 'c' }, { name: 'd' }),
  },
  { requiredKeys: ['user', 'relation', 'object'] },
);

/** Everything that a reader says, compared with the plain list of what is stored. */
function expectSame(reader: TupleReader, stored: ReadonlyMap<string, Relationship>): void {
  const list = [...stored.values()].sort(compareTuples);
  expect(reader.size).toBe(list.length);
  expect([...reader.all()].sort(compareTuples)).toEqual(list);
  for (const object of OBJECTS) {
    for (const relation of RELATIONS) {
      const rows = list.filter((one) => one.object === object && one.relation === relation);
      expect(reader.of(object, relation)).toEqual(rows);
      expect(reader.usersets(object, relation)).toEqual(rows.filter((one) => one.user.includes('#')));
      for (const user of USERS) {
        expect(reader.find(user, relation, object)).toEqual(rows.find((one) => one.user === user));
      }
    }
  }
  for (const entity of [...OBJECTS, 'user:a', 'user:b@c']) {
    const about = list.filter((one) => one.object === entity || one.user.split('#')[0] === entity);
    expect(reader.involving(entity)).toEqual(about);
  }
  for (const type of ['doc', 'group', 'user']) {
    const objects = new Set(list.map((one) => one.object).filter((object) => object.startsWith(`${type}:`)));
    expect(reader.objects(type)).toEqual([...objects].sort());
  }
}

describe('TupleIndex', () => {
  it('says what a plain list says after any adding and removing', () => {
    const acts = fc.array(fc.record({ tuple, remove: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(acts, (list) => {
        const index = new TupleIndex();
        const stored = new Map<string, Relationship>();
        for (const act of list) {
          const key = relationshipKey(act.tuple);
          if (act.remove) expect(index.remove(key)).toBe(stored.delete(key));
          else {
            index.add(act.tuple);
            stored.set(key, act.tuple);
          }
          index.of(act.tuple.object, act.tuple.relation);
        }
        expectSame(index, stored);
      }),
      { seed: 20261124, numRuns: 200 },
    );
  });
});

describe('overlay', () => {
  it('says what an index of both says, the contextual ones winning', () => {
    fc.assert(
      fc.property(fc.array(tuple, { maxLength: 15 }), fc.array(tuple, { maxLength: 8 }), (base, contextual) => {
        const both = new Map([...base, ...contextual].map((one) => [relationshipKey(one), one]));
        expectSame(overlay(new TupleIndex(base), contextual), both);
      }),
      { seed: 20261124, numRuns: 200 },
    );
  });
});
