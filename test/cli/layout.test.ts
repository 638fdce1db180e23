import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { columns, counted, labelled } from '../../src/cli/layout.ts';

test('columns are aligned by what is seen: colours and the number of bytes do not count', () => {
  const red = styleText('red', 'ab', { validateStream: false });
  const lines = columns([
    [red, 'x'],
    ['é└──', 'y'],
    ['', 'z'],
  ]).split('\n');
  expect(lines).toEqual([`${red}    x`, 'é└──  y', '      z']);
});

test('no line ends in white space', () => {
  expect(
    columns([
      ['a', ''],
      ['bcd', 'e'],
    ]),
  ).toBe('a\nbcd  e');
});

test('labels say each line of a list once, and nothing of what is undefined', () => {
  expect(
    labelled([
      ['may', ['read', 'write']],
      ['for', undefined],
      ['ends', 'never'],
      ['only', []],
    ]),
  ).toBe('  may   read\n        write\n  ends  never');
});

test('counts', () => {
  expect([0, 1, 2].map((count) => counted(count, 'error'))).toEqual(['0 errors', '1 error', '2 errors']);
});
