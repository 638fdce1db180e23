import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * `bhf.<caller id>.<43 characters>`: 32 random bytes in base64url (RFC 4648, section 5). The prefix lets secret
 * scanners find a leaked key; the id finds the caller without looking through all of them.
 */
const KEY = /^bhf\.([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.[A-Za-z0-9_-]{43}$/;
const SECRET_BYTES = 32;

export interface NewKey {
  /** Shown once, to whoever made it; never stored. */
  readonly key: string;
  /** What is stored instead. */
  readonly keyHash: string;
}

/** A new key for a caller. */
export function makeKey(callerId: string): NewKey {
  const key = `bhf.${callerId}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { key, keyHash: hashKey(key) };
}

/** Which caller a text claims to be a key of, or undefined for what has not the form of a key. */
export function callerIdOf(key: string): string | undefined {
  return KEY.exec(key)?.[1];
}

/**
 * SHA-256 of the whole key, hexadecimal. A slow hash protects what people can guess; a key has 256 bits of
 * randomness, so one fast hash leaves nothing to try and costs a check next to nothing.
 */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}

/** Digits of a key's hash that records name the key by. */
const NAME_DIGITS = 16;

/** What records call a key: enough of its hash to tell it from any other, of no use to whoever wants to ask with it. */
export function credentialOf(keyHash: Buffer): string {
  return `key:${keyHash.toString('hex').slice(0, NAME_DIGITS)}`;
}

/** Whether a key has the stored hash; takes the same time wherever they differ. */
export function matchesKey(key: string, keyHash: Buffer): boolean {
  const found = hash('sha256', key, 'buffer');
  return keyHash.length === found.length && timingSafeEqual(found, keyHash);
}
