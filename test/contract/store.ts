import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import { type Commit, type Store, type StoredRow, StoreError } from '../../src/store/store.ts';

/** One store on something that lasts, as the suite needs it. */
export interface StoreUnderTest {
  open(): Store;
  /** Keeps what is stored now (the store is closed) and returns what puts it back. */
  backup(): () => void;
  /** Everything is closed: remove it. */
  dispose(): void;
}

/** What the port promises (src/store/store.ts), for every implementation. */
export function storeContract(create: () => StoreUnderTest): void {
  let place: StoreUnderTest;
  let store: Store;

  beforeEach(() => {
    place = create();
    store = place.open();
  });
  afterEach(() => {
    store.close();
    place.dispose();
  });

  function reopen(): Store {
    store.close();
    store = place.open();
    return store;
  }

  function* beforeAndAfterRestart(): Generator<Store> {
    yield store;
    yield reopen();
  }

  describe('commits', () => {
    test('an empty store is at revision 0 and holds nothing', () => {
      expect(store.revision).toBe(0);
      expect(store.latestTime).toBe(0);
      expect([...store.rows()]).toEqual([]);
      expect(store.changes(0, 10)).toEqual([]);
    });

    test('revisions count up by one, also over a restart', () => {
      expect(store.commit(setting('a', 1))).toBe(1);
      expect(store.commit(setting('b', 2))).toBe(2);
      expect(reopen().revision).toBe(2);
      expect(store.commit(setting('c', 3))).toBe(3);
    });

    test('a commit without changes counts as well', () => {
      expect(store.commit({ at: 1, by: 'alice', act: 'publish', changes: [] })).toBe(1);
      expect(store.changes(0, 10)).toEqual([{ revision: 1, at: 1, by: 'alice', act: 'publish', changes: [] }]);
    });

    test('changes come back as committed, oldest first, after a revision, at most as many as asked for', () => {
      const commits = [1, 2, 3, 4].map((n) => ({ ...setting(`k${n}`, n), at: n, act: `act${n}` }));
      for (const commit of commits) store.commit(commit);
      reopen();
      expect(store.changes(0, 10)).toEqual(commits.map((commit, index) => ({ ...commit, revision: index + 1 })));
      expect(store.changes(1, 2).map((commit) => commit.revision)).toEqual([2, 3]);
      expect(store.changes(4, 10)).toEqual([]);
    });

    test('a commit that fails leaves nothing', () => {
      store.commit(setting('a', 1));
      const unwritable: Commit = { ...setting('b', 2), at: 99, changes: [change('b', 2), change('c', 3n)] };
      const fails = { ...unwritable, idempotency: { key: 'key', requestDigest: 'digest', answer: 'answer' } };
      expect(() => store.commit(fails)).toThrow(StoreError);
      for (const opened of beforeAndAfterRestart()) {
        expect(opened.revision).toBe(1);
        expect(opened.latestTime).toBe(10);
        expect(keys(opened.rows())).toEqual(['a']);
        expect(opened.changes(0, 10)).toHaveLength(1);
        expect(opened.idempotent('alice', 'key')).toBeUndefined();
      }
      expect(store.commit(setting('b', 2))).toBe(2);
    });

    test('latestTime is the largest time committed, not the last one', () => {
      store.commit({ ...setting('a', 1), at: 500 });
      store.commit({ ...setting('a', 2), at: 300 });
      expect(store.latestTime).toBe(500);
      expect(reopen().latestTime).toBe(500);
    });

    test('a closed store commits nothing', () => {
      store.commit(setting('a', 1));
      store.close();
      expect(() => store.commit(setting('b', 2))).toThrow(StoreError);
      store = place.open();
      expect(store.revision).toBe(1);
    });
  });

  describe('rows', () => {
    test('the state at each revision can be read: set, replaced, removed, set again', () => {
      store.commit(setting('a', 1));
      store.commit(setting('a', 2));
      store.commit({ ...setting('a', 3), changes: [change('a', null)] });
      store.commit(setting('a', 4));
      for (const opened of beforeAndAfterRestart()) {
        const states = [0, 1, 2, 3, 4].map((revision) => [...opened.rows(revision)].map(brief));
        expect(states).toEqual([[], ['a=1@1'], ['a=2@2'], [], ['a=4@4']]);
      }
    });

    test('come in the order of kind, then key', () => {
      const row = { id: 'x' };
      store.commit({
        ...setting('z', 1),
        changes: [
          change('z', 1),
          change('a', 1),
          { kind: 'caller', key: 'm', value: row },
          change('B', 1),
          { kind: 'caller', key: 'c', value: row },
        ],
      });
      const found = [...store.rows()].map(({ kind, key }) => `${kind} ${key}`);
      expect(found).toEqual(['caller c', 'caller m', 'entity B', 'entity a', 'entity z']);
    });

    test('of one commit that changes a row twice the last change counts', () => {
      store.commit({
        ...setting('a', 1),
        changes: [change('a', 1), change('a', 2), change('b', 1), change('b', null)],
      });
      expect([...store.rows()].map(brief)).toEqual(['a=2@1']);
      store.commit({ ...setting('a', 1), changes: [change('a', null), change('a', 3)] });
      expect([...store.rows()].map(brief)).toEqual(['a=3@2']);
      expect([...store.rows(1)].map(brief)).toEqual(['a=2@1']);
    });

    test('removing what is not there changes nothing', () => {
      store.commit(setting('a', 1));
      expect(store.commit({ ...setting('b', 1), changes: [change('b', null)] })).toBe(2);
      expect(keys(store.rows())).toEqual(['a']);
    });

    test('keep what they hold: every JSON value, every character', () => {
      const attributes = {
        text: 'Grüße 𝄞 \u0000 " \\',
        list: [1, null, true, { deep: [] }],
        big: 2 ** 53 - 1,
        small: 1e-9,
      };
      store.commit({ ...setting('a', 1), changes: [change('ü𝄞', attributes)] });
      const [row] = [...reopen().rows()];
      expect(row).toEqual({ ...change('ü𝄞', attributes), created_revision: 1 });
    });

    test('belong to the revision that was asked for, though commits come while they are read', () => {
      const many = Array.from({ length: 2500 }, (_, n) => change(`k${String(n).padStart(4, '0')}`, n));
      store.commit({ ...setting('', 0), changes: many });
      const read: StoredRow[] = [];
      for (const row of store.rows()) {
        if (read.length === 10) store.commit({ ...setting('', 0), changes: many.map(({ key }) => change(key, null)) });
        if (read.length === 20) store.commit({ ...setting('', 0), changes: [change('k2000x', 'new')] });
        read.push(row);
      }
      expect(read.map(({ key }) => key)).toEqual(many.map(({ key }) => key));
      expect(keys(store.rows())).toEqual(['k2000x']);
    });

    test('a revision that is not there yet is refused', () => {
      store.commit(setting('a', 1));
      expect(() => store.rows(2)).toThrow(RangeError);
      expect(() => store.rows(-1)).toThrow(RangeError);
    });

    test('come without one kind where that is asked for, at any revision', () => {
      const many = Array.from({ length: 2500 }, (_, n) => change(`k${String(n).padStart(4, '0')}`, n));
      const caller = (key: string): Change => ({ kind: 'caller', key, value: { id: key } });
      const revocation = { delegation: 'd', at: 1, by: 'a', reason: 'r', revision: 2 };
      store.commit({ ...setting('', 0), changes: [caller('a'), ...many] });
      store.commit({ ...setting('', 0), changes: [caller('b'), { kind: 'revocation', key: 'd', value: revocation }] });
      expect(keys(store.rows(2, 'entity'))).toEqual(['a', 'b', 'd']);
      expect(keys(store.rows(1, 'entity'))).toEqual(['a']);
      expect(keys(store.rows(2, 'revocation')).slice(0, 3)).toEqual(['a', 'b', 'k0000']);
      expect([...store.rows(2, 'caller')]).toHaveLength(2501);
    });

    test('equal the replay of all commits, at every revision', () => {
      const changes = fc.array(
        fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.option(fc.nat(9), { freq: 2 }) }),
        { maxLength: 4 },
      );
      const run = fc.property(fc.array(changes, { maxLength: 8 }), (commits) => {
        const offset = store.revision;
        const base = new Map([...store.rows()].map((row) => [row.key, brief(row)]));
        const expected = [[...base.values()].sort()];
        for (const [index, part] of commits.entries()) {
          store.commit({ ...setting('', 0), changes: part.map(({ key, value }) => change(key, value)) });
          for (const { key, value } of part) {
            if (value === null) base.delete(key);
            else base.set(key, `${key}=${value}@${offset + index + 1}`);
          }
          expected.push([...base.values()].sort());
        }
        for (const [index, state] of expected.entries()) {
          expect([...store.rows(offset + index)].map(brief)).toEqual(state);
        }
      });
      fc.assert(run, { seed: 7, numRuns: 40 });
    });
  });

  describe('versions', () => {
    test('every value that a row had, newest first, with its commit; also over a restart', () => {
      store.commit({ at: 1, by: 'alice', act: 'first', changes: [change('a', 1), change('b', 2)] });
      store.commit({ at: 2, by: 'bob', act: 'second', changes: [change('b', 3)] });
      store.commit({ at: 3, by: 'carol', act: 'third', changes: [change('a', 4)] });
      const first = { value: 1, revision: 1, at: 1, by: 'alice', act: 'first' };
      for (const opened of beforeAndAfterRestart()) {
        expect(opened.versions('entity', 'a')).toEqual([
          { value: 4, revision: 3, at: 3, by: 'carol', act: 'third' },
          first,
        ]);
        expect(opened.versions('entity', 'c')).toEqual([]);
        expect(opened.versions('caller', 'a')).toEqual([]);
      }
    });

    test('a removal is none, and what came before it stays', () => {
      store.commit({ at: 1, by: 'alice', act: 'add', changes: [{ kind: 'caller', key: 'x', value: { id: 'x' } }] });
      store.commit({ at: 2, by: 'alice', act: 'remove', changes: [{ kind: 'caller', key: 'x', value: null }] });
      const added = { value: { id: 'x' }, revision: 1, at: 1, by: 'alice', act: 'add' };
      expect(store.versions('caller', 'x')).toEqual([added]);
    });
  });

  describe('cached relationships', () => {
    const bytes = (text: string) => [Buffer.from(text), Buffer.from('!')];
    const cached = () => {
      const cache = store.cachedRelationships();
      return cache && `${Buffer.from(cache.bytes)}@${cache.revision}`;
    };

    test('are the last ones kept, with their revision, also over a restart', () => {
      expect(cached()).toBeUndefined();
      store.commit(setting('a', 1));
      expect(store.cacheRelationships(bytes('one'))).toBe(true);
      store.commit(setting('a', 2));
      for (const _ of beforeAndAfterRestart()) expect(cached()).toBe('one!@1');
      expect(store.cacheRelationships(bytes('two'))).toBe(true);
      store.commit(setting('a', 3));
      for (const _ of beforeAndAfterRestart()) expect(cached()).toBe('two!@2');
    });

    test('of a history that is not this one are not there', () => {
      store.commit(setting('a', 1));
      store.close();
      const restore = place.backup();
      store = place.open();
      store.commit(setting('a', 2));
      store.cacheRelationships(bytes('two'));
      store.close();
      restore();
      store = place.open();
      expect(cached()).toBeUndefined();
      store.commit(setting('b', 2));
      expect(reopen().revision).toBe(2);
      expect(cached()).toBeUndefined();
    });
  });

  describe('idempotency', () => {
    const remembered = { key: 'key', requestDigest: 'digest', answer: '{"id":"x"}' };

    test('an answer is remembered for its caller, over a restart', () => {
      store.commit(setting('a', 1));
      store.commit({ ...setting('b', 1), idempotency: remembered });
      for (const opened of beforeAndAfterRestart()) {
        const { requestDigest, answer } = remembered;
        expect(opened.idempotent('alice', 'key')).toEqual({ requestDigest, answer, revision: 2 });
        expect(opened.idempotent('alice', 'other')).toBeUndefined();
        expect(opened.idempotent('bob', 'key')).toBeUndefined();
      }
    });

    test('another caller may use the same key', () => {
      store.commit({ ...setting('a', 1), idempotency: remembered });
      store.commit({ ...setting('b', 1), by: 'bob', idempotency: { ...remembered, answer: 'of bob' } });
      expect(store.idempotent('alice', 'key')?.answer).toBe('{"id":"x"}');
      expect(store.idempotent('bob', 'key')?.answer).toBe('of bob');
    });

    test('the digest tells another body under the same key, and committing it is refused', () => {
      store.commit({ ...setting('a', 1), idempotency: remembered });
      expect(store.idempotent('alice', 'key')?.requestDigest).not.toBe('other');
      const again = { ...setting('b', 1), idempotency: { ...remembered, requestDigest: 'other' } };
      expect(() => store.commit(again)).toThrow(StoreError);
      expect(store.revision).toBe(1);
      expect(keys(store.rows())).toEqual(['a']);
    });

    test('an answer is forgotten after a day of commit time, and not before', () => {
      const day = 24 * 3600 * 1000;
      store.commit({ ...setting('a', 1), at: 1000, idempotency: remembered });
      store.commit({ ...setting('a', 2), at: 1000 + day });
      expect(store.idempotent('alice', 'key')).toBeDefined();
      store.commit({ ...setting('a', 3), at: 1001 + day });
      expect(store.idempotent('alice', 'key')).toBeUndefined();
    });
  });

  describe('epochs', () => {
    test('each opening begins another one, and all of them belong to the history', () => {
      const first = store.epoch;
      store.commit(setting('a', 1));
      store.commit(setting('a', 2));
      const second = reopen().epoch;
      store.commit(setting('a', 3));
      expect(second).not.toBe(first);
      expect([1, 2, 3].map((revision) => store.contains(first, revision))).toEqual([true, true, false]);
      expect([2, 3, 4].map((revision) => store.contains(second, revision))).toEqual([true, true, false]);
    });

    test('an unknown epoch and what is no revision are not contained', () => {
      store.commit(setting('a', 1));
      expect(store.contains('another', 1)).toBe(false);
      expect(store.contains(store.epoch, -1)).toBe(false);
      expect(store.contains(store.epoch, 0.5)).toBe(false);
      expect(store.contains(store.epoch, Number.NaN)).toBe(false);
    });

    test('a restored backup satisfies no demand from after it, however far it gets', () => {
      const before = store.epoch;
      store.commit(setting('a', 1));
      store.close();
      const restore = place.backup();

      store = place.open();
      const lost = store.epoch;
      store.commit(setting('a', 2));
      store.commit(setting('a', 3));
      expect(store.contains(lost, 3)).toBe(true);
      store.close();

      restore();
      store = place.open();
      for (let n = 0; n < 4; n++) store.commit(setting('b', n));
      expect(store.revision).toBe(5);
      expect(store.contains(before, 1)).toBe(true);
      expect(store.contains(before, 2)).toBe(false);
      expect(store.contains(lost, 1)).toBe(false);
      expect(store.contains(lost, 3)).toBe(false);
      expect(store.contains(store.epoch, 5)).toBe(true);
    });
  });

  test('a second opening is refused while the first lasts, and not after it', () => {
    expect(codeOf(() => place.open())).toBe('in_use');
    store.commit(setting('a', 1));
    expect(reopen().revision).toBe(1);
  });
}

/** The code of the StoreError that `work` throws. */
export function codeOf(work: () => unknown): StoreError['code'] {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A commit by alice at 10 that sets one row. */
export function setting(key: string, value: unknown): Commit {
  return { at: 10, by: 'alice', act: 'write', changes: [change(key, value)] };
}

/** The store does not look into values: any stands for an entity's record. */
function change(key: string, value: unknown): Change {
  return { kind: 'entity', key, value } as Change;
}

function brief(row: StoredRow): string {
  return `${row.key}=${row.value}@${row.created_revision}`;
}

function keys(rows: Iterable<StoredRow>): string[] {
  return [...rows].map(({ key }) => key);
}
