import { expect, test } from 'vitest';
import { putLast } from '../../../src/mcp/http/put-last.ts';

test('what was used longest ago is forgotten', () => {
  const map = new Map<string, number>();
  for (const key of ['a', 'b', 'c', 'a', 'd']) putLast(map, key, map.size, 3);
  expect([...map.keys()]).toEqual(['c', 'a', 'd']);
});
