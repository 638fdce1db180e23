import { hash, type KeyObject, verify } from 'node:crypto';
import { err, ok, type Result } from '../../core/result.ts';

/** Signs with an Ed25519 key (RFC 8032). */
export interface Signer {
  readonly publicKey: KeyObject;
  sign(bytes: Uint8Array): Buffer;
}

/** The byte that C2SP's signed-note gives to Ed25519. */
const ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const PUBLIC_KEY_BYTES = 32;
/** More than the 16 that a verifier must take, few enough to be read at once. */
const MOST_SIGNATURES = 64;

/** Control characters other than the line feed; and what a key's name may not hold. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const NO_NAME = /[\p{White_Space}+]/u;
const SIGNATURE = /^— (?<name>[^ ]+) (?<base64>[A-Za-z0-9+/]+={0,2})$/;

/**
 * A note with one signature line: the format of C2SP's signed-note. The key is known to verifiers by name and id.
 *
 * @param text ends with a line feed and holds no other control characters
 */
export function signNote(text: string, name: string, { publicKey, sign }: Signer): string {
  if (!text.endsWith('\n') || CONTROL.test(text)) throw new Error('a note is lines of text');
  if (name === '' || NO_NAME.test(name)) throw new Error(`"${name}" is no name for a key`);
  const signature = Buffer.concat([keyId(name, publicKey), sign(Buffer.from(text))]);
  return `${text}\n— ${name} ${signature.toString('base64')}\n`;
}

/**
 * The text of a note, if the key `name` signed it; otherwise why it is not to be believed. Signatures of other keys
 * are passed over, as the specification demands; a wrong one of this key is not.
 */
export function openNote(note: string, name: string, publicKey: KeyObject): Result<string, string> {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || CONTROL.test(note)) return err('it is no signed note (C2SP signed-note)');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) return err(`it has more than ${MOST_SIGNATURES} signatures`);
  const id = keyId(name, publicKey);
  const names: string[] = [];
  let signed = false;
  for (const line of lines) {
    const { name: signer, base64 } = SIGNATURE.exec(line)?.groups ?? {};
    if (signer === undefined || base64 === undefined) return err('a line below the text is no signature');
    const bytes = Buffer.from(base64, 'base64');
    // One way to write each signature, so that no changed byte passes for the same note.
    if (bytes.toString('base64') !== base64) return err(`the signature of ${signer} is not in plain base64`);
    names.push(`${signer} (key id ${bytes.toString('hex', 0, KEY_ID_BYTES)})`);
    if (signer !== name || !bytes.subarray(0, KEY_ID_BYTES).equals(id)) continue;
    if (!verify(null, Buffer.from(text), publicKey, bytes.subarray(KEY_ID_BYTES))) {
      return err(`the signature of ${name} is wrong: the text was changed, or another key signed it`);
    }
    signed = true;
  }
  return signed ? ok(text) : err(`it is signed by ${names.join(', ')}, not by ${name} (key id ${id.toString('hex')})`);
}

/** SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), its first four bytes. */
export function keyId(name: string, publicKey: KeyObject): Buffer {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), rawPublicKey(publicKey)]);
  return Buffer.from(hash('sha256', input, 'hex').slice(0, 2 * KEY_ID_BYTES), 'hex');
}

/** The 32 bytes of RFC 8032, section 5.1.5: what a SubjectPublicKeyInfo of Ed25519 (RFC 8410) ends with. */
function rawPublicKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-PUBLIC_KEY_BYTES);
}
