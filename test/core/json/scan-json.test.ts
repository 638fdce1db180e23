import { describe, expect, it } from 'vitest';
import { scanJson } from '../../../src/core/json/scan-json.ts';

describe('what a text shows', () => {
  it.each([
    ['{}', { depth: 1, containers: 1, members: 0 }],
    ['[[],{"a":{}}]', { depth: 3, containers: 4, members: 1 }],
    ['{"a":1,"a":2}', { members: 2 }],
    ['{"a:{[\\"":":"}', { depth: 1, members: 1 }],
    ['["\\\\",{"a":1}]', { depth: 2, members: 1 }],
    ['["unfinished {', { depth: 1, containers: 1 }],
    ['["unfinished\\"', { depth: 1, containers: 1 }],
    ['', { depth: 0, containers: 0, members: 0 }],
  ])('%s', (text, expected) => {
    expect(scanJson(text)).toMatchObject(expected);
  });

  it.each([
    ['[1,9007199254740993,1e400]', '9007199254740993'],
    ['[1e400]', '1e400'],
    ['{"a":-1E+309}', '-1E+309'],
    ['[0.000e5, 1e-999]', '1e-999'],
    ['[9007199254740992, 9007199254740993.0, 1e308, 0e-999, 1e23]', undefined],
    ['["9007199254740993"]', undefined],
  ])('finds the number that is read differently: %s', (text, inexact) => {
    expect(scanJson(text).inexact?.literal).toBe(inexact);
  });

  it.each([
    ['{"a":\r1}', true],
    ['[1,\n2]', true],
    ['\n[1]\r\n', false],
    ['["\\r\\n"]', false],
  ])('sees a line break between tokens: %j', (text, broken) => {
    expect(scanJson(text).broken).toBe(broken);
  });
});
