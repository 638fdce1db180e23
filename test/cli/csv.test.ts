import { expect, test } from 'vitest';
import { csv } from '../../src/cli/csv.ts';

test('rows of RFC 4180: quoted where they have to be, each ended', () => {
  expect(
    csv([
      ['a', 'b'],
      ['1', 'x,y'],
      ['"q"', 'two\nlines'],
      ['', ' '],
    ]),
  ).toBe('a,b\r\n1,"x,y"\r\n"""q""","two\nlines"\r\n, \r\n');
});

test.each(['=1+1', '+1', '-1', '@sum', '\t=1'])('%j is no formula for a spreadsheet', (text) => {
  expect(csv([[text]])).toBe(`'${text}\r\n`);
});
