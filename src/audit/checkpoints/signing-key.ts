import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { err, ok, type Result } from '../../core/result.ts';
import type { Signer } from './signed-note.ts';

/** Everybody but the owner. */
const OTHERS = 0o077;

/**
 * The key that a node signs its checkpoints with: Ed25519, PKCS #8 in PEM (RFC 8410), as
 * `openssl genpkey -algorithm ed25519` writes it. It is made where there is none, for its owner's eyes only; one that
 * others may read proves nothing and is refused.
 */
export function openSigningKey(path: string): Result<Signer, string> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (fault) {
    return isMissing(fault) ? makeSigningKey(path) : unreadable(path, fault);
  }
  try {
    const { mode } = fstatSync(fd);
    // Windows has no such bits: what it answers there says nothing.
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      const bits = (mode & 0o777).toString(8).padStart(4, '0');
      return err(`the audit key ${path} has mode ${bits}, so others may read or change it: chmod 600 ${path}`);
    }
    const key = privateKeyIn(readFileSync(fd, 'utf8'));
    return key === undefined ? err(`${path} holds no Ed25519 private key in PEM`) : ok(toSigner(key));
  } catch (fault) {
    return unreadable(path, fault);
  } finally {
    closeSync(fd);
  }
}

/** The Ed25519 public key in a PEM text (SubjectPublicKeyInfo, RFC 8410), written in the one usual way. */
export function parsePublicKey(pem: string): Result<KeyObject, string> {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') return err(`it is a key of type ${key.asymmetricKeyType}, not Ed25519`);
    if (pem.includes('PRIVATE KEY')) return err('it is a private key: give the public one');
    if (publicKeyPem(key) !== pem) return err('it is not exactly as PEM is written (RFC 7468): it was changed');
    return ok(key);
  } catch {
    return err('it is no public key in PEM');
  }
}

export function publicKeyPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function makeSigningKey(path: string): Result<Signer, string> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    const fd = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(fd, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return ok(toSigner(privateKey));
  } catch (fault) {
    return err(`the audit key ${path} cannot be made: ${messageOf(fault)}`);
  }
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

function toSigner(privateKey: KeyObject): Signer {
  return { publicKey: createPublicKey(privateKey), sign: (bytes) => sign(null, bytes, privateKey) };
}

function unreadable(path: string, fault: unknown): Result<never, string> {
  return err(`the audit key ${path} cannot be read: ${messageOf(fault)}`);
}

function isMissing(fault: unknown): boolean {
  return (fault as { readonly code?: unknown }).code === 'ENOENT';
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
