import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import {
  type ChangeLine,
  type ChangeSearch,
  type Commit,
  type Store,
  type StoredRow,
  StoreError,
} from '../../src/store/store.ts';

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
      expect(store.changes(0, 10)).toMatchObject([{ revision: 1, at: 1, by: 'alice', act: 'publish', changes: [] }]);
    });

    test('changes come back as committed, oldest first, after a revision, at most as many as asked for', () => {
      const commits = [1, 2, 3, 4].map((n) => ({ ...setting(`k${n}`, n), at: n, act: `act${n}` }));
      for (const commit of commits) store.commit(commit);
      reopen();
      expect(store.changes(0, 10)).toMatchObject(commits.map((commit, index) => ({ ...commit, revision: index + 1 })));
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

  describe('the chain of commits', () => {
    /** Checks lines as anybody can who has RFC 8785 and SHA-256 (src/core/change-line.ts). */
    function chained(lines: readonly ChangeLine[]): void {
      let previous = '0'.repeat(64);
      for (const [index, { revision, sha256, text: parts }] of lines.entries()) {
        const text = [...parts].join('');
        const { sha256: own, ...sealed } = JSON.parse(text);
        expect(text).toBe(canonicalize({ ...sealed, sha256: own }));
        expect(own).toBe(hash('sha256', canonicalize(sealed) ?? '', 'hex'));
        expect([revision, sealed.revision, sha256]).toEqual([index + 1, index + 1, own]);
        expect(sealed.previous).toBe(previous);
        expect(store.sha256(revision)).toBe(own);
        previous = own;
      }
      expect(store.head).toMatchObject({ revision: lines.length, sha256: previous });
      expect(store.sha256(lines.length + 1)).toBeUndefined();
    }

    test('an empty store has the hash that the first commit follows', () => {
      expect(store.head).toMatchObject({ revision: 0, sha256: '0'.repeat(64) });
      expect(store.sha256(0)).toBe('0'.repeat(64));
      expect(store.lines(0, 1000)).toEqual([]);
    });

    test('each line is canonical JSON, sealed with the one before, and says all that was committed', () => {
      const attributes = {
        z: '\u20ac$\u000f\nA\'B"\\"',
        a: { 10: 1e21, 9: -0, '\ud83d\ude00': [null, 4.5e-7] },
        '': '\u007f',
      };
      const epoch = store.epoch;
      store.commit({ ...setting('b', attributes), credential: 'key:0123456789abcdef' });
      store.commit({ ...setting('a', 1), changes: [] });
      reopen();
      store.commit({
        ...setting('a', 1),
        changes: [relationship(1, { context: { z: 1, a: 2 }, name: 'c' }), relationship(2)],
      });
      chained(store.lines(0, 1e6));
      const told = store.lines(0, 1e6).map(({ text }) => JSON.parse([...text].join('')));
      expect(told[0]).toEqual({
        ...{
          act: 'write',
          at: 10,
          by: 'alice',
          changes: [change('b', { ...attributes, a: { ...attributes.a, 9: 0 } })],
        },
        ...{ credential: 'key:0123456789abcdef', epoch, format: 2, previous: '0'.repeat(64), revision: 1 },
        sha256: store.sha256(1),
      });
      expect(told.map((line) => line.epoch)).toEqual([epoch, epoch, store.epoch]);
      expect(told[2].changes).toEqual([relationship(1, { context: { z: 1, a: 2 }, name: 'c' }), relationship(2)]);
      expect(store.changes(0, 1)).toMatchObject([{ credential: 'key:0123456789abcdef', sha256: told[0].sha256 }]);
    });

    test('lines come from a revision on, as many as bytes allow, but one', () => {
      for (let n = 1; n <= 5; n++) store.commit(setting(`k${n}`, 'x'.repeat(1000)));
      expect(store.lines(0, 1).map(({ revision }) => revision)).toEqual([1]);
      expect(store.lines(1, 2500).map(({ revision }) => revision)).toEqual([2, 3]);
      expect(store.lines(3, 1e6).map(({ revision }) => revision)).toEqual([4, 5]);
      expect(store.lines(5, 1e6)).toEqual([]);
    });

    test('changes of any length come back whole, their line in parts', () => {
      // Characters of two code units at every offset, so that some stand where the text is stored in parts.
      const long = `${'𝄞'.repeat(700_000)}x${'𝄞'.repeat(700_000)}`;
      store.commit(setting('a', long));
      store.commit(setting('b', 'short'));
      for (const _ of beforeAndAfterRestart()) {
        chained(store.lines(0, 1e9));
        const [first, ...others] = store.lines(0, 1e9);
        const parts = [...(first?.text ?? [])];
        expect(parts.length).toBeGreaterThan(2);
        expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(2 ** 20);
        expect(others).toHaveLength(1);
        expect(store.changes(0, 2)).toMatchObject([
          { changes: [change('a', long)] },
          { changes: [change('b', 'short')] },
        ]);
        expect(store.logged(1, 1e7)?.changes).toEqual([change('a', long)]);
        expect(store.logged(1, 5_600_000)?.changes).toBeUndefined();
        expect(store.logged(1, 1)?.bytes).toBe(Buffer.byteLength(JSON.stringify([change('a', long)])));
      }
    });

    test('text that has no canonical form is refused and leaves the chain as it was', () => {
      store.commit(setting('a', 1));
      for (const value of ['\ud800', { '\udfff': 1 }, Number.NaN]) {
        expect(codeOf(() => store.commit(setting('b', value)))).toBe('not_json');
      }
      store.commit(setting('b', 'a backslash before ud800: \\ud800'));
      chained(store.lines(0, 1e6));
    });
  });

  describe('searching commits', () => {
    const delegation = (id: string, from: string, to: string, more: object = {}): Change =>
      ({ kind: 'delegation', key: id, value: { id, from, to, capabilities: [], ...more } }) as unknown as Change;
    const revocation = (id: string, origin?: string): Change =>
      ({
        kind: 'revocation',
        key: origin === undefined ? id : `${id}|${origin}`,
        value: { delegation: id, ...(origin === undefined ? {} : { origin }) },
      }) as unknown as Change;
    const activation = (key: string, value: object | null): Change => ({ kind: 'activation', key, value }) as Change;
    const about = (name: string) => store.search({ about: name }, 1000, 100).revisions;

    test('whom and what they are about: everybody on the chain of a delegation, whatever happens to it', () => {
      const commit = (...changes: Change[]) => store.commit({ at: 1, by: 'admin', act: 'x', changes });
      commit(delegation('d1', 'user:alice', 'agent:a', { name: 'reviews' }));
      commit(delegation('d2', 'agent:a', 'agent:b', { parent: 'd1' }));
      commit(delegation('d3', 'group:finance#member', 'agent:c'));
      commit(activation('s1', { id: 's1', delegation: 'd3', origin: 'user:bob' }));
      commit(activation('s1', null));
      commit(revocation('d2'));
      commit(revocation('d1'));
      commit(revocation('d3', 'user:bob'));
      commit({ kind: 'entity', key: 'agent:a', value: {} } as unknown as Change, revocation('d2'));
      commit({ kind: 'bundle', key: 'current', value: { digest: 'sha256:ab', files: [] } });
      commit({ kind: 'caller', key: 'gateway', value: null });
      commit(relationship(7));
      for (const _ of beforeAndAfterRestart()) {
        expect(about('user:alice')).toEqual([9, 7, 6, 2, 1]);
        expect(about('agent:b')).toEqual([9, 6, 2]);
        expect(about('d1')).toEqual([9, 7, 6, 2, 1]);
        expect(about('d2')).toEqual([9, 6, 2]);
        expect(about('reviews')).toEqual([7, 1]);
        expect(about('agent:a')).toEqual([9, 7, 6, 2, 1]);
        expect(about('group:finance')).toEqual([8, 5, 4, 3]);
        expect(about('group:finance#member')).toEqual([8, 5, 4, 3]);
        expect(about('user:bob')).toEqual([8, 5, 4]);
        expect([about('s1'), about('sha256:ab'), about('gateway')]).toEqual([[5, 4], [10], [11]]);
        expect([about('user:u7'), about('nobody')]).toEqual([[], []]);
      }
    });

    test('a chain that is made in one commit counts, in whatever order', () => {
      store.commit({
        ...setting('', 0),
        changes: [delegation('d2', 'agent:a', 'agent:b', { parent: 'd1' }), delegation('d1', 'user:alice', 'agent:a')],
      });
      store.commit({ ...setting('', 0), changes: [revocation('d2')] });
      expect(about('user:alice')).toEqual([2, 1]);
    });

    test('are the same as looking through all of them, page by page', () => {
      const names = ['user:a', 'user:b', 'user:c'];
      const kinds = ['entity', 'caller', 'relationship'] as const;
      const row = (kind: (typeof kinds)[number], name: string): Change =>
        ({ kind, key: name, value: { id: name } }) as unknown as Change;
      const commits = fc.sample(
        fc.record({
          at: fc.nat(30),
          by: fc.constantFrom('x', 'y'),
          act: fc.constantFrom('put', 'drop'),
          changes: fc.array(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(...names)), { maxLength: 3 }),
        }),
        { seed: 7, numRuns: 120 },
      );
      let time = 0;
      const all = commits.map(({ at, by, act, changes }, index) => {
        time = Math.max(time, at + Math.floor(index / 10));
        store.commit({
          at: at + Math.floor(index / 10),
          by,
          act,
          changes: changes.map(([kind, name]) => row(kind, name)),
        });
        return { revision: index + 1, time, by, act, changes };
      });
      const filters = fc.record(
        {
          about: fc.constantFrom(...names),
          by: fc.constantFrom('x', 'y', 'z'),
          act: fc.constantFrom('put', 'drop'),
          kinds: fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1 }),
          from: fc.nat(45),
          to: fc.nat(45),
        },
        { requiredKeys: [] },
      );
      const run = fc.property(
        filters,
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 1, max: 40 }),
        (filter, before, limit) => {
          const expected = all.filter(
            ({ revision, time: at, by, act, changes }) =>
              revision < before &&
              (filter.about === undefined ||
                changes.some(([kind, name]) => kind !== 'relationship' && name === filter.about)) &&
              (filter.by === undefined || by === filter.by) &&
              (filter.act === undefined || act === filter.act) &&
              (filter.kinds === undefined || changes.some(([kind]) => filter.kinds?.includes(kind))) &&
              (filter.from === undefined || at >= filter.from) &&
              (filter.to === undefined || at < filter.to),
          );
          const found: number[] = [];
          let next: number | undefined = before;
          for (let pages = 0; next !== undefined; pages++) {
            expect(pages).toBeLessThan(130);
            const page: ChangeSearch = store.search(filter, next, limit);
            expect(page.revisions.length).toBeLessThanOrEqual(limit);
            found.push(...page.revisions);
            next = page.next;
          }
          expect(found).toEqual(expected.map(({ revision }) => revision).reverse());
        },
      );
      fc.assert(run, { seed: 7, numRuns: 300 });
    });

    test('one commit is told without its changes where they are too long', () => {
      store.commit({
        ...setting('a', 'x'.repeat(2000)),
        credential: 'dev',
        changes: [change('a', 'x'.repeat(2000)), change('b', 1), relationship(1)],
      });
      const { changes, ...head } = store.logged(1, 1e6) ?? {};
      expect(changes).toHaveLength(3);
      expect(head).toMatchObject({
        revision: 1,
        by: 'alice',
        credential: 'dev',
        counts: { entity: 2, relationship: 1 },
      });
      expect(store.logged(1, 1000)).toEqual(head);
      expect(store.logged(2, 1000)).toBeUndefined();
    });

    test('a time has the last revision that was made up to it', () => {
      for (const at of [100, 100, 300, 200, 300, 500]) store.commit({ ...setting('a', at), at });
      for (const _ of beforeAndAfterRestart()) {
        const times = [0, 99, 100, 299, 300, 499, 500, 1e15];
        expect(times.map((time) => store.revisionAt(time))).toEqual([0, 0, 2, 2, 5, 5, 6, 6]);
      }
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

function relationship(n: number, condition?: object): Change {
  const tuple = { user: `user:u${n}`, relation: 'viewer', object: `document:d${n}` };
  const value = { ...tuple, ...(condition === undefined ? undefined : { condition }) };
  return { kind: 'relationship', key: `document:d${n}#viewer@user:u${n}`, value } as Change;
}

function brief(row: StoredRow): string {
  return `${row.key}=${row.value}@${row.created_revision}`;
}

function keys(rows: Iterable<StoredRow>): string[] {
  return [...rows].map(({ key }) => key);
}
