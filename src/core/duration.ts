/** Seconds of each unit, largest first. */
const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** What a duration looks like, for messages. */
export const DURATION_EXPECTED = 'a duration like 90s, 15m, 8h, 30d or 1h30m';

/** Whole seconds of `8h`, `30d` or `1h30m` (units d, h, m, s, largest first); undefined for anything else and for 0. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/.exec(text);
  if (match === null) return undefined;
  const seconds = UNITS.reduce((sum, [, length], index) => sum + Number(match[index + 1] ?? 0) * length, 0);
  return seconds > 0 ? seconds : undefined;
}

/** The same back: the two largest units that say something, `1h30m`. Rounds down, `0s` for less than a second. */
export function formatDuration(seconds: number): string {
  let left = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.join('') || '0s';
}
