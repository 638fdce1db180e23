import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/core/duration.ts';

test.each([
  ['90s', 90],
  ['15m', 900],
  ['8h', 28_800],
  ['30d', 2_592_000],
  ['1h30m', 5400],
  ['1d1h1m1s', 90_061],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['', '0s', '0h0m', '8', 'h', '1.5h', '-1h', '30m1h', '8 h', '1w', '8H'])('"%s" is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('says the two largest units', () => {
  expect(formatDuration(5400)).toBe('1h30m');
  expect(formatDuration(90_061)).toBe('1d1h');
  expect(formatDuration(86_405)).toBe('1d');
  expect(formatDuration(0.5)).toBe('0s');
  expect(formatDuration(-5)).toBe('0s');
});

test('what is said is read as the same, to the precision it is said with', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (seconds) => {
      const read = parseDuration(formatDuration(seconds)) ?? 0;
      expect(read).toBeLessThanOrEqual(seconds);
      expect(seconds - read).toBeLessThan(seconds < 3600 ? 1 : seconds < 86_400 ? 60 : 3600);
    }),
    { seed: 7420 },
  );
});
