import { expect, test } from 'vitest';
import { awayWords, boundWords, capabilityWords, momentWords } from '../../src/cli/words.ts';

test('says what a delegation hands on, and under which bounds', () => {
  expect(capabilityWords({ actions: ['read', 'write'], resources: ['a:*'], condition: 'x' })).toBe(
    'read, write on a:* when x',
  );
  const plain = { proof: 'vouched', activation: 'standing', max_depth: 0 };
  expect(boundWords(plain)).toEqual([]);
  expect(
    boundWords({ condition: 'c', proof: 'verified', activation: 'session', max_session: 5400, max_depth: 1 }),
  ).toEqual(['when c', 'in a session of at most 1h30m', 'proof verified', '1 further hop']);
});

test('says moments, and how far away they are', () => {
  const now = Date.parse('2026-11-24T12:00:00.000Z');
  expect(momentWords('2026-11-24T12:00:00.123Z')).toBe('2026-11-24T12:00:00Z');
  expect(awayWords('2026-11-24T20:00:00.000Z', now)).toBe('2026-11-24T20:00:00Z (in 8h)');
  expect(awayWords('2026-11-23T12:00:00.000Z', now)).toBe('2026-11-23T12:00:00Z (1d ago)');
});
