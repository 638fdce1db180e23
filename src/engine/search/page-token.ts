import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { err, ok, type Result } from '../../core/result.ts';

/** Where something that is looked through page by page stands: everything that its next page must have in common with the first. */
export interface Position {
  /** Caller id. */
  readonly caller: string;
  /** `digestOf` what was asked. */
  readonly asked: string;
  /** As the ledger tells it, with the epoch. */
  readonly revision: string;
  readonly bundle: string;
  /** Milliseconds since 1970: the time that all pages are decided at. */
  readonly at: number;
  /** The time (ms) of the first page, from which on the token grows old. */
  readonly begun: number;
  /** The last candidate that was decided, allowed or not. */
  readonly after: string;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Page tokens. They hold the position themselves, so the server keeps nothing; sealed (AES-256-GCM, NIST SP 800-38D)
 * with a key of this process, because a position names the last candidate, which whoever searches may not know of.
 */
export class PageTokens {
  private readonly key = randomBytes(32);

  seal(position: Position): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv);
    const text = Buffer.concat([cipher.update(JSON.stringify(position), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** The position of a token that this process sealed; anything else is an error, in one sentence. */
  open(token: string): Result<Position, string> {
    const bytes = Buffer.from(token, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.key, padded(bytes.subarray(0, IV_BYTES), IV_BYTES));
    decipher.setAuthTag(padded(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES), TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      return ok(JSON.parse(text) as Position);
    } catch {
      return err('the page token is none that this server gave since it was started: begin again without it');
    }
  }
}

/** Too short a token is opened too, and found wrong like any other. */
function padded(bytes: Buffer, length: number): Buffer {
  return bytes.length === length ? bytes : Buffer.alloc(length);
}
