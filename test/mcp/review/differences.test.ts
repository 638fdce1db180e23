import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differences } from '../../../src/mcp/review/differences.ts';

test.each<[string, unknown, unknown, readonly object[]]>([
  ['nothing', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['a value', { a: { b: 'x' } }, { a: { b: 'y' } }, [{ path: '/a/b', before: '"x"', after: '"y"' }]],
  ['what is taken away', { a: 1, b: 2 }, { a: 1 }, [{ path: '/b', before: '2' }]],
  [
    'what is added, leaf by leaf',
    {},
    { a: { c: [true], b: {} } },
    [
      { path: '/a/b', after: '{}' },
      { path: '/a/c/0', after: 'true' },
    ],
  ],
  ['all of a new document', undefined, { a: 1 }, [{ path: '/a', after: '1' }]],
  ['a list that is longer', { a: ['x'] }, { a: ['x', 'y'] }, [{ path: '/a/1', after: '"y"' }]],
  [
    'the order of a list',
    ['x', 'y'],
    ['y', 'x'],
    [
      { path: '/0', before: '"x"', after: '"y"' },
      { path: '/1', before: '"y"', after: '"x"' },
    ],
  ],
  ['a list that was an object', { a: { 0: 1 } }, { a: [1] }, [{ path: '/a', before: '{"0":1}', after: '[1]' }]],
  ['what was emptied', { a: { b: 1 } }, { a: {} }, [{ path: '/a/b', before: '1' }]],
  ['an object that was text', { a: 'x' }, { a: { b: 1 } }, [{ path: '/a', before: '"x"', after: '{"b":1}' }]],
  ['null that came', {}, { a: null }, [{ path: '/a', after: 'null' }]],
  ['names with the separators of a pointer', {}, { 'a/b~c': 1 }, [{ path: '/a~1b~0c', after: '1' }]],
])('%s', (_what, before, after, expected) => {
  expect(differences(before, after)).toEqual(expected);
});

test('no two documents are told to be the same', () => {
  const unlike = fc.tuple(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(unlike, ([before, after]) => {
      const same = JSON.stringify(sorted(before)) === JSON.stringify(sorted(after));
      return same === (differences(before, after).length === 0);
    }),
    { seed: 63, numRuns: 1000 },
  );
  expect(differences({ a: {} }, {})).toEqual([{ path: '/a', before: '{}' }]);
});

test('what is nested without end is shown as a whole', () => {
  const deep = (inmost: string): unknown => JSON.parse(`${'['.repeat(5000)}${inmost}${']'.repeat(5000)}`);
  expect(differences(deep('1'), deep('1'))).toEqual([]);
  const [difference, ...others] = differences(deep('1'), deep('2'));
  expect(others).toEqual([]);
  expect(difference?.path).toBe('/0'.repeat(24));
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, sorted(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
