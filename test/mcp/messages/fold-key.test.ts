import { expect, it } from 'vitest';
import { foldKey, isFolded, lookAlike } from '../../../src/mcp/messages/fold-key.ts';

it.each([
  ['name', 'NAME'],
  ['taskId', 'TASKID'],
  ['key', '\u212aey'],
  ['params', 'param\u017f'],
  ['straße', 'STRAßE'],
])('%s and %s are one to a decoder that ignores case', (one, other) => {
  expect(foldKey(one)).toBe(foldKey(other));
});

it('keeps apart what differs by more than case', () => {
  expect(new Set(['name', 'names', 'na_me', 'nàme', ''].map(foldKey)).size).toBe(5);
});

it('is sure of plain lower case only', () => {
  expect(['a', 'a_b-c.d', '', '1'].every(isFolded)).toBe(true);
  expect(['A', 'é', 'a\0', '\ud800', '\u212a'].some(isFolded)).toBe(false);
});

it('finds what could be read for one of the names', () => {
  expect(lookAlike({ name: 1, NAME: 2 }, ['name'])).toBe('NAME');
  expect(lookAlike({ URI: 2 }, ['name', 'uri'])).toBe('URI');
  expect(lookAlike({ name: 1, other: 2 }, ['name', 'uri'])).toBeUndefined();
});
