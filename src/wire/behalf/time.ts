import { Type } from 'typebox';

/** RFC 3339, section 5.6; a leap second names no moment of its own in POSIX time and is refused. */
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

export const TIME = Type.Unsafe<string>(
  Type.String({
    description: 'RFC 3339; answers are in UTC with milliseconds',
    examples: ['2030-01-31T12:00:00.000Z'],
  }),
);

/** Milliseconds since 1970, or undefined for what is no RFC 3339 time, such as the 30th of February. */
export function parseTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match;
  // Date.parse moves days that a month does not have into the next one.
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
