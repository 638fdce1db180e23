import { expect, test } from 'vitest';
import { newId } from '../../src/engine/ids.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');

test('ids made in one millisecond sort as they were made, and are all different', () => {
  const ids = Array.from({ length: 1000 }, () => newId('dlg', NOW));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(1000);
});

test('ids of a later time are larger', () => {
  const times = [NOW, NOW + 1, NOW + 31, NOW + 32, NOW + 1e9, NOW + 1e11];
  const ids = times.map((now) => newId('dlg', now));
  expect([...ids].sort()).toEqual(ids);
});

test('an id has its prefix, twenty characters, and nothing that is mistaken for something else', () => {
  expect(newId('act', NOW)).toMatch(/^act_[0-9a-hjkmnp-tv-z]{20}$/);
});
