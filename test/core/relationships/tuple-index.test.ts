import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relationshipKey } from '../../../src/core/change.ts';
import type { Relationship } from '../../../src/core/relationships/membership.ts';
import { userText } from '../../../src/core/relationships/tuple-graph.ts';
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
        const restored = unpacked(index);
        expectSame(restored, stored);
        for (const key of stored.keys()) expect(restored.remove(key)).toBe(true);
        for (const one of stored.values()) restored.add(one);
        expectSame(restored, stored);
      }),
      { seed: 20261124, numRuns: 200 },
    );
  });
});

function unpacked(index: TupleIndex): TupleIndex {
  return TupleIndex.unpack(Buffer.concat(index.pack())) ?? expect.fail('it does not take its own bytes');
}

it('takes no bytes but its own', () => {
  const bytes = Buffer.concat(new TupleIndex([{ user: 'user:ü', relation: 'viewer', object: 'doc:1' }]).pack());
  expect(TupleIndex.unpack(bytes)?.size).toBe(1);
  expect(TupleIndex.unpack(bytes.subarray(0, -4))).toBeUndefined();
  expect(TupleIndex.unpack(Buffer.from(bytes).fill(0, 0, 4))).toBeUndefined();
  expect(TupleIndex.unpack(new Uint8Array())).toBeUndefined();
});

/** Beyond some number of users a row is kept in another way. */
const WIDE_USERS = [
  ...Array.from({ length: 30 }, (_, count) => `user:${count * 7}`),
  ...Array.from({ length: 30 }, (_, count) => `group:${count * 7}#member`),
  ...USERS,
];

describe('a wide row', () => {
  it('says what a plain list says while it gets wide and narrow again, on its own and under an overlay', () => {
    const user = fc.constantFrom(...WIDE_USERS);
    const acts = fc.array(fc.record({ user, condition: fc.boolean() }), { minLength: 60, maxLength: 160, size: 'max' });
    fc.assert(
      fc.property(acts, fc.array(user, { maxLength: 4 }), (list, contextual) => {
        const index = new TupleIndex();
        const stored = new Map<string, Relationship>();
        const shape = { object: 'doc:1', relation: 'viewer' };
        for (const [at, act] of list.entries()) {
          const one = { user: act.user, ...shape, ...(act.condition ? { condition: { name: 'c' } } : undefined) };
          const key = relationshipKey(one);
          if (stored.delete(key)) expect(index.remove(key)).toBe(true);
          else {
            expect(index.remove(key)).toBe(false);
            index.add(one);
            stored.set(key, one);
          }
          if (at % 10 === 0) expectRow(index, stored);
        }
        expectSame(index, stored);
        expectRow(index, stored);
        expectRow(unpacked(index), stored);
        const extra = contextual.map((one) => ({ user: one, ...shape }));
        const both = new Map([...stored.values(), ...extra].map((one) => [relationshipKey(one), one]));
        expectRow(overlay(index, extra), both);
        const usersets = [...stored.keys()].filter((key) => key.endsWith('#member') || key.endsWith('#viewer'));
        for (const key of usersets) expect(index.remove(key) && stored.delete(key)).toBe(true);
        expectRow(index, stored);
        for (const key of stored.keys()) expect(index.remove(key)).toBe(true);
        expectSame(index, new Map());
      }),
      { seed: 20261124, numRuns: 40 },
    );
  });
});

/** The row `doc:1#viewer` by number. */
function expectRow({ graph }: TupleReader, stored: ReadonlyMap<string, Relationship>): void {
  const list = [...stored.values()].sort(compareTuples);
  const row = graph.row(graph.entity('doc:1'), graph.kinds.find('doc', 'viewer'));
  const users = row < 0 ? [] : [...graph.members(row), ...graph.usersets(row).map((target) => ~target)];
  expect(users.map((one) => userText(graph, one)).sort()).toEqual(list.map((one) => one.user).sort());
  if (row < 0) return;
  const texts = graph.usersets(row).map((target) => userText(graph, ~target));
  expect(texts).toEqual(list.map((one) => one.user).filter((one) => one.includes('#')));
  expect(graph.hasUsersets(row)).toBe(texts.length > 0);
  const entities = graph.members(row).map((member) => graph.text(member));
  expect(entities).toEqual(list.map((one) => one.user).filter((one) => !one.includes('#')));
  for (const one of users) {
    expect(graph.has(row, one)).toBe(true);
    expect(graph.condition(row, one)).toEqual(list.find(({ user }) => user === userText(graph, one))?.condition);
  }
}

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
