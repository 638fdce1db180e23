import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no letters that are mistaken for digits; sorts as the numbers do. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

const LENGTH = 10;

let last = { now: 0, tail: 0n };

/**
 * A new id: a prefix that says what it names, ten characters of time (ms), ten of randomness (50 bits). Sorts by
 * time, and within one millisecond by counting up from the random number, so that "smallest id first" means "oldest
 * first".
 */
export function newId(prefix: string, now: number): string {
  const tail = now === last.now ? last.tail + 1n : randomBytes(8).readBigUInt64BE() >> 14n;
  last = { now, tail };
  return `${prefix}_${base32(BigInt(Math.floor(now)))}${base32(tail)}`;
}

function base32(number: bigint): string {
  let text = '';
  for (let left = number; text.length < LENGTH; left >>= 5n) text = `${DIGITS[Number(left & 31n)]}${text}`;
  return text;
}
