import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTime } from '../../../src/wire/behalf/time.ts';

test('every moment survives being written and read', () => {
  const moments = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  fc.assert(
    fc.property(moments, (date) => {
      expect(parseTime(date.toISOString())).toBe(date.getTime());
    }),
    { seed: 20261124, numRuns: 500 },
  );
});

test.each<[string, string]>([
  ['2030-01-01T12:00:00Z', '2030-01-01T12:00:00.000Z'],
  ['2030-01-01t12:00:00z', '2030-01-01T12:00:00.000Z'],
  ['2030-01-01T12:00:00.123456789Z', '2030-01-01T12:00:00.123Z'],
  ['2030-01-01T12:00:00+02:30', '2030-01-01T09:30:00.000Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
])('%s is %s', (text, iso) => {
  expect(new Date(parseTime(text) ?? 0).toISOString()).toBe(iso);
});

test.each([
  '',
  'tomorrow',
  '2030-01-01',
  '2030-01-01T12:00:00',
  '2030-01-01 12:00:00Z',
  '2030-13-01T00:00:00Z',
  '2030-00-01T00:00:00Z',
  '2030-02-29T00:00:00Z',
  '2030-04-31T00:00:00Z',
  '2030-01-01T24:00:00Z',
  '2030-01-01T00:60:00Z',
  '2016-12-31T23:59:60Z',
  '2030-01-01T00:00:00+24:00',
  '+02030-01-01T00:00:00Z',
  '1893456000000',
])('%j is no time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});
