import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageTokens } from '../../../src/engine/search/page-token.ts';

const POSITION = {
  caller: 'gateway',
  asked: 'x',
  revision: 'e.7',
  bundle: 'sha256:1',
  at: 5,
  begun: 1_800_000_000_000,
  after: 'document:secret',
};

test('a token opens to what was sealed, in the process that sealed it', () => {
  const tokens = new PageTokens();
  const token = tokens.seal(POSITION);
  expect(tokens.open(token)).toEqual({ ok: true, value: POSITION });
  expect(new PageTokens().open(token).ok).toBe(false);
  expect(tokens.seal(POSITION)).not.toBe(token);
});

test('a token that was changed in any way does not open', () => {
  const tokens = new PageTokens();
  const bytes = Buffer.from(tokens.seal(POSITION), 'base64url');
  const changes = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(changes, ({ at, by }) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ by;
      expect(tokens.open(changed.toString('base64url')).ok).toBe(false);
    }),
    { seed: 7, numRuns: 200 },
  );
  for (let length = 0; length < bytes.length; length++) {
    expect(tokens.open(bytes.subarray(0, length).toString('base64url')).ok).toBe(false);
  }
});
