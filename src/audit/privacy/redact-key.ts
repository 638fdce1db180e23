import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Canonical, canonicalJson } from '../../core/canonical-json.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** Puts keyed hashes in the place of values. */
export interface RedactKey {
  /** Tells apart which key made a hash: 8 hexadecimal digits. */
  readonly id: string;
  /**
   * `hmac:<key id>:<32 hexadecimal digits>`: the leftmost 128 bits (RFC 2104, section 5) of HMAC-SHA-256 over the
   * canonical JSON (RFC 8785) of the value. So equal values are known to be equal, wherever they stood, and nobody
   * without the key can try out which they are.
   *
   * @throws TypeError for what has no canonical form
   */
  hmac(value: Canonical): string;
}

/** Bytes of a key, at least: as many as the hash has (RFC 2104, section 3). */
const KEY_BYTES = 32;
const HEX = /^(?:[0-9a-f]{2})+$/i;
/** Everybody but the owner. */
const OTHERS = 0o077;
const MAC_DIGITS = 32;
const ID_DIGITS = 8;

/**
 * The key in a file: 64 or more hexadecimal digits, as `openssl rand -hex 32` writes them. One that others than its
 * owner may read is refused: with it, card numbers and addresses can be tried out.
 */
export function readRedactKey(path: string): Result<RedactKey, string> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (fault) {
    return err(`the redaction key ${path} cannot be read: ${messageOf(fault)}`);
  }
  try {
    const { mode } = fstatSync(fd);
    // Windows has no such bits: what it answers there says nothing.
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      const bits = (mode & 0o777).toString(8).padStart(4, '0');
      return err(`the redaction key ${path} has mode ${bits}, so others may read or change it: chmod 600 ${path}`);
    }
    const text = readFileSync(fd, 'utf8').trim();
    if (!HEX.test(text) || text.length < 2 * KEY_BYTES) {
      return err(
        `${path} holds no redaction key: it takes ${2 * KEY_BYTES} or more hexadecimal digits, as from "openssl rand -hex ${KEY_BYTES}"`,
      );
    }
    return ok(toRedactKey(Buffer.from(text, 'hex')));
  } catch (fault) {
    return err(`the redaction key ${path} cannot be read: ${messageOf(fault)}`);
  } finally {
    closeSync(fd);
  }
}

/** The same, made where there is no such file. */
export function openRedactKey(path: string): Result<RedactKey, string> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(fd, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code !== 'EEXIST') {
      return err(`the redaction key ${path} cannot be made: ${messageOf(fault)}`);
    }
  }
  return readRedactKey(path);
}

export function toRedactKey(key: Buffer): RedactKey {
  const digits = (text: string, count: number): string =>
    createHmac('sha256', key).update(text).digest('hex').slice(0, count);
  // No value is canonical JSON without quotes around a text, so no value has this hash.
  const id = digits('behalf redaction key', ID_DIGITS);
  return { id, hmac: (value) => `hmac:${id}:${digits(canonicalJson(value), MAC_DIGITS)}` };
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
