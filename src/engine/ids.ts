import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no letters that are mistaken for digits; sorts as the numbers do. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A new id: a prefix that says what it names, ten characters of time (ms), ten of randomness (50 bits). Sorts by
 * time, so that "smallest id first" means "oldest first".
 */
export function newId(prefix: string, now: number): string {
  let time = '';
  for (let left = Math.floor(now), place = 0; place < 10; place++, left = Math.floor(left / 32)) {
    time = `${DIGITS[left % 32]}${time}`;
  }
  let random = '';
  for (const byte of randomBytes(10)) random += DIGITS[byte % 32];
  return `${prefix}_${time}${random}`;
}
