import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import { define, type Functions } from './define.ts';

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z|([+-])(\d{2}):(\d{2}))$/;
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/**
 * RFC 3339, section 5.6, and nothing else: a zone is demanded, days and hours must exist, years run from 1 to 9999
 * (cel-spec, langdef "Timestamp"). Digits beyond the millisecond are cut off. Undefined where it is no timestamp.
 */
export function parseTimestamp(text: string): Date | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [offsetHours, offsetMinutes] = [Number(parts[10] ?? 0), Number(parts[11] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = (parts[9] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Math.floor(Number(parts[7] ?? 0) * 1000));
  return inRange(date.getTime() - offset);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function inRange(ms: number): Date | undefined {
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms) : undefined;
}

/** Whether a timestamp lies in the years 1 to 9999. */
export function isTimestamp(date: Date): boolean {
  return inRange(date.getTime()) !== undefined;
}

const NANOS: { readonly [unit: string]: bigint } = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const DURATION_TEXT = /^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
const DURATION_PART = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g;
const MAX_NANOS = 2n ** 63n - 1n;

/** Go's time.ParseDuration, which CEL and Cerbos follow: `1h30m`, `-1.5s`, `0`. Undefined where it is none. */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > 64 || !DURATION_TEXT.test(text)) return undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(DURATION_PART)) {
    const scale = NANOS[unit] ?? 0n;
    nanos += BigInt(whole || 0) * scale + (BigInt(fraction || 0) * scale) / 10n ** BigInt(fraction.length);
  }
  return nanos > MAX_NANOS ? undefined : fromNanos(text.startsWith('-') ? -nanos : nanos);
}

/** Whether a duration's nanoseconds are a 64-bit integer, as cel-go's and Cerbos's are: 292 years either way. */
export function isDuration(duration: Duration): boolean {
  const nanos = duration.seconds * 1_000_000_000n + BigInt(duration.nanos);
  return nanos >= -MAX_NANOS - 1n && nanos <= MAX_NANOS;
}

function fromNanos(nanos: bigint): Duration {
  return new Duration(nanos / 1_000_000_000n, Number(nanos % 1_000_000_000n));
}

/** Seconds with as many decimals as they have, `3600s`, `-1.5s`: the JSON form of a protobuf duration. */
export function formatDuration(duration: Duration): string {
  const nanos = duration.seconds * 1_000_000_000n + BigInt(duration.nanos);
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}s`;
}

/** RFC 3339 in UTC, with no more decimals than it needs. */
export function formatTimestamp(timestamp: Date): string {
  return timestamp.toISOString().replace(/\.?0*Z$/, 'Z');
}

interface Clock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const OFFSET = /^([+-]?)(\d{2}):(\d{2})$/;
const ZONES_KEPT = 64;
/** What the library of time zones takes, in steps: ten microseconds for a time, a fifth of a millisecond for a zone. */
const ZONE_STEPS = 50;
const NEW_ZONE_STEPS = 1000;

const zones = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a timestamp in UTC, at a fixed offset (`-08:00`) or in a zone of the tz database. */
function clockOf(timestamp: Date, zone: string): Clock {
  const offset = OFFSET.exec(zone);
  if (offset !== null) {
    const minutes = (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
    return utcClock(new Date(timestamp.getTime() + minutes * 60_000));
  }
  if (zone === 'UTC') return utcClock(timestamp);
  spend(ZONE_STEPS);
  const parts = new Map(
    zoneFormat(zone)
      .formatToParts(timestamp)
      .map((part) => [part.type, Number(part.value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const local = new Date(0);
  local.setUTCFullYear(part('year'), part('month') - 1, part('day'));
  local.setUTCHours(part('hour'), part('minute'), part('second'));
  return utcClock(local);
}

function zoneFormat(zone: string): Intl.DateTimeFormat {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  spend(NEW_ZONE_STEPS);
  if (zones.size >= ZONES_KEPT) zones.clear();
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    zones.set(zone, format);
    return format;
  } catch {
    return fail(`"${zone.slice(0, 64)}" is neither a time zone nor an offset like +01:00`);
  }
}

function utcClock(date: Date): Clock {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** Zero-based. */
function dayOfYear(clock: Clock): number {
  const day = new Date(0);
  day.setUTCFullYear(clock.year, clock.month, clock.day);
  const newYear = new Date(0);
  newYear.setUTCFullYear(clock.year, 0, 1);
  return Math.round((day.getTime() - newYear.getTime()) / 86_400_000);
}

/** cel-spec, langdef "Date/time functions": months, days of the month, of the week and of the year count from 0. */
const GETTERS: { readonly [name: string]: (clock: Clock, timestamp: Date) => number } = {
  getFullYear: (clock) => clock.year,
  getMonth: (clock) => clock.month,
  getDate: (clock) => clock.day,
  getDayOfMonth: (clock) => clock.day - 1,
  getDayOfWeek: (clock) => clock.weekday,
  getDayOfYear: dayOfYear,
  getHours: (clock) => clock.hour,
  getMinutes: (clock) => clock.minute,
  getSeconds: (clock) => clock.second,
  getMilliseconds: (_clock, timestamp) => timestamp.getUTCMilliseconds(),
};

/** The library's timestamp functions read the process's own time zone and accept days that do not exist. */
export const REPLACED_TIME_FUNCTIONS = ['timestamp', 'duration', ...Object.keys(GETTERS)];

export function registerTime(environment: Environment): void {
  define(environment, {
    [`0timestamp(string): ${TIMESTAMP}`]: (text: string) =>
      parseTimestamp(text) ?? fail('timestamp() takes RFC 3339 with a time zone, such as 2026-01-31T12:00:00Z'),
    [`0timestamp(int): ${TIMESTAMP}`]: (seconds: bigint) =>
      inRange(Number(seconds) * 1000) ?? fail('timestamp() takes the years 1 to 9999'),
    [`0timestamp(${TIMESTAMP}): ${TIMESTAMP}`]: (timestamp: Date) => timestamp,
    [`0duration(string): ${DURATION}`]: (text: string) =>
      parseDuration(text) ?? fail('duration() takes numbers with units h, m, s, ms, us, ns, such as 1h30m'),
    [`0duration(${DURATION}): ${DURATION}`]: (duration: Duration) => duration,
    [`string(${TIMESTAMP}): string`]: formatTimestamp,
    [`string(${DURATION}): string`]: formatDuration,
    [`int(${TIMESTAMP}): int`]: (timestamp: Date) => BigInt(Math.floor(timestamp.getTime() / 1000)),
    [`${DURATION}.0getHours(): int`]: (duration: Duration) => duration.getHours(),
    [`${DURATION}.0getMinutes(): int`]: (duration: Duration) => duration.getMinutes(),
    [`${DURATION}.0getSeconds(): int`]: (duration: Duration) => duration.getSeconds(),
    [`${DURATION}.0getMilliseconds(): int`]: (duration: Duration) => duration.getMilliseconds(),
    ...getters(),
  });
}

function getters(): Functions {
  return Object.fromEntries(
    Object.entries(GETTERS).flatMap(([name, read]) => [
      [`${TIMESTAMP}.0${name}(): int`, (timestamp: Date) => BigInt(read(utcClock(timestamp), timestamp))],
      [
        `${TIMESTAMP}.0${name}(string): int`,
        (timestamp: Date, zone: string) => BigInt(read(clockOf(timestamp, zone), timestamp)),
      ],
    ]),
  );
}
