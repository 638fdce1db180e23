import { expect, test } from 'vitest';
import type { Caller } from '../../src/callers/caller.ts';
import { DEV_CALLER } from '../../src/callers/dev-caller.ts';
import { LogRate } from '../../src/engine/log-rate.ts';

const clock = { now: 0 };
const caller = (id: string, roles: Caller['roles'] = ['check']): Caller => ({ ...DEV_CALLER, id, roles });
const rateOf = (perSecond: number) => new LogRate(perSecond, () => clock.now);

test('two seconds of the rate at once, then the rate', () => {
  const rate = rateOf(10);
  const gateway = caller('gateway');
  for (let n = 0; n < 20; n++) expect(rate.take(gateway, 1)).toBeUndefined();
  expect(rate.take(gateway, 1)).toMatchObject({ code: 'rate_limited', retryAfterS: 1 });
  clock.now += 100;
  expect(rate.take(gateway, 1)).toBeUndefined();
  expect(rate.take(gateway, 1)).toBeDefined();
  clock.now += 3_600_000;
  for (let n = 0; n < 20; n++) expect(rate.take(gateway, 1)).toBeUndefined();
  expect(rate.take(gateway, 1)).toBeDefined();
  expect(rate.refused).toEqual(new Map([['gateway', 3]]));
});

test('a batch counts each of its questions, on credit', () => {
  const rate = rateOf(10);
  const gateway = caller('gateway');
  expect(rate.take(gateway, 100)).toBeUndefined();
  expect(rate.take(gateway, 1)).toMatchObject({ retryAfterS: 9 });
  clock.now += 8000;
  expect(rate.take(gateway, 1)).toBeDefined();
  clock.now += 100;
  expect(rate.take(gateway, 1)).toBeUndefined();
  rate.charge(gateway, 50);
  expect(rate.take(gateway, 1)).toMatchObject({ retryAfterS: 6 });
});

test('one caller takes nothing from another, and none from those who look after a flood', () => {
  const rate = rateOf(1);
  rate.take(caller('flood'), 1000);
  expect(rate.take(caller('flood'), 1)).toBeDefined();
  expect(rate.take(caller('gateway'), 1)).toBeUndefined();
  for (const role of ['audit', 'administer'] as const) {
    for (let n = 0; n < 10; n++) expect(rate.take(caller(role, ['check', role]), 100)).toBeUndefined();
  }
});
