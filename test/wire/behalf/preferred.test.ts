import { expect, test } from 'vitest';
import { preferred } from '../../../src/wire/behalf/preferred.ts';

test.each<[string | undefined, string]>([
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['text/plain', 'text/plain'],
  ['TEXT/Plain; charset=utf-8', 'text/plain'],
  ['text/*', 'text/plain'],
  ['text/vnd.mermaid', 'text/vnd.mermaid'],
  ['application/json;q=0.5, text/plain', 'text/plain'],
  ['text/plain;q=0.5, application/json', 'application/json'],
  ['text/plain;q=0, text/*', 'text/vnd.mermaid'],
  ['*/*;q=0.1, text/vnd.mermaid;q=0.2', 'text/vnd.mermaid'],
  ['image/png', 'application/json'],
  ['text/plain;q=x', 'application/json'],
  ['', 'application/json'],
])('Accept: %s means %s', (accept, type) => {
  expect(preferred(accept, ['application/json', 'text/plain', 'text/vnd.mermaid'])).toBe(type);
});
