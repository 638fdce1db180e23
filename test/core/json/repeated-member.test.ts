import { expect, it } from 'vitest';
import { repeatedMember } from '../../../src/core/json/repeated-member.ts';

it.each([
  ['{"a":1,"b":2,"a":3}', 'a', ['a']],
  ['{"a":1,"\\u0061":3}', 'a', ['a']],
  ['{"x":{"a":1,"a":"{"},"y":[{"b":1},{"b":2}],"y":1}', 'a', ['y']],
  ['{"a:":1,"x":[{"q\\"":1,"q\\"":2}]}', 'q"', []],
])('%s', (text, name, outer) => {
  expect(repeatedMember(text)).toMatchObject({ name, outer: new Set(outer) });
});
