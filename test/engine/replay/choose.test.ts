import { describe, expect, test } from 'vitest';
import type { StoredDecision } from '../../../src/audit/log.ts';
import type { RecordSource } from '../../../src/audit/records/record-source.ts';
import { drawPlaces, isWithin, placesOf } from '../../../src/engine/replay/choose.ts';

const MINUTE = 60_000;

/** Records 11, 12, … with these times; negative ones are of searches. */
function source(times: readonly number[]): RecordSource {
  const record = (place: number): StoredDecision | undefined => {
    const at = times[place - 11];
    if (at === undefined) return undefined;
    return { sequence: place, at: Math.abs(at), ...(at < 0 ? { search: 'subject' } : {}) } as StoredDecision;
  };
  return {
    range: () => ({ first: 11, last: 10 + times.length }),
    at: record,
    *between(first, last) {
      for (let place = first; place <= last; place += 1) yield record(place) as StoredDecision;
    },
  };
}

describe('the records of a period', () => {
  const times = Array.from({ length: 200 }, (_, index) => (index + 1) * MINUTE);

  test.each([
    [{}, 11, 210],
    [{ from: 50 * MINUTE }, 60, 210],
    [{ from: 50 * MINUTE + 1 }, 61, 210],
    // Results of searches may stand a while behind their time.
    [{ to: 100 * MINUTE }, 11, 124],
    [{ from: 1000 * MINUTE }, 211, 210],
    [{ to: -1000 * MINUTE }, 11, 10],
  ])('%j are in places %i to %i', (period, first, last) => {
    expect(placesOf(source(times), period)).toEqual({ first, last });
  });

  test('results of a search that was begun before are among them, wherever halving comes upon them', () => {
    const mixed = times.flatMap((at) => [at, ...Array.from({ length: 20 }, () => -Math.max(1, at - 10 * MINUTE))]);
    const records = source(mixed);
    const period = { from: 90 * MINUTE, to: 100 * MINUTE };
    const { first, last } = placesOf(records, period);
    const all = mixed.flatMap((at, index) => (isWithin(Math.abs(at), period) && at > 0 ? [index + 11] : []));
    expect(all.every((place) => place >= first && place <= last)).toBe(true);
    const searched = mixed.flatMap((at, index) => (isWithin(Math.abs(at), period) && at < 0 ? [index + 11] : []));
    expect(searched.every((place) => place >= first && place <= last)).toBe(true);
  });

  test('of none', () => {
    expect(placesOf(source([]), { from: 5 })).toEqual({ first: 11, last: 10 });
  });
});

describe('a sample', () => {
  test('is so many places, each once, in order, the same for the same seed', () => {
    const drawn = drawPlaces({ first: 5, last: 10_004 }, 500, 'seed');
    expect(drawn).toHaveLength(500);
    expect(new Set(drawn).size).toBe(500);
    expect([...drawn].sort((a, b) => a - b)).toEqual(drawn);
    expect(drawn[0]).toBeGreaterThanOrEqual(5);
    expect(drawn.at(-1)).toBeLessThanOrEqual(10_004);
    expect(drawPlaces({ first: 5, last: 10_004 }, 500, 'seed')).toEqual(drawn);
    expect(drawPlaces({ first: 5, last: 10_004 }, 500, 'other')).not.toEqual(drawn);
  });

  test('is spread over all of them', () => {
    const drawn = drawPlaces({ first: 1, last: 1000 }, 500, 'x');
    const halves = drawn.filter((place) => place <= 500).length;
    expect(halves).toBeGreaterThan(200);
    expect(halves).toBeLessThan(300);
  });

  test('is all where there are no more', () => {
    expect(drawPlaces({ first: 3, last: 5 }, 10, 'x')).toEqual([3, 4, 5]);
    expect(drawPlaces({ first: 3, last: 2 }, 10, 'x')).toEqual([]);
  });
});
