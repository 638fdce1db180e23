import { generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openSigningKey, parsePublicKey, publicKeyPem } from '../../../src/audit/checkpoints/signing-key.ts';

const root = mkdtempSync(join(tmpdir(), 'behalf-key-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const fresh = (): string => join(root, `${count++}.key`);

function opened(path: string) {
  const signer = openSigningKey(path);
  if (!signer.ok) throw new Error(signer.error);
  return signer.value;
}

test('a key is made where there is none, for its owner only, and found again', () => {
  const path = join(root, 'new', 'directory', 'audit.key');
  const made = opened(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const found = opened(path);
  expect(publicKeyPem(found.publicKey)).toBe(publicKeyPem(made.publicKey));
  expect(verify(null, Buffer.from('text'), made.publicKey, found.sign(Buffer.from('text')))).toBe(true);
  expect(publicKeyPem(opened(fresh()).publicKey)).not.toBe(publicKeyPem(made.publicKey));
});

test.each([0o644, 0o640, 0o604, 0o660, 0o602])('a key with mode %o is refused', (mode) => {
  const path = fresh();
  opened(path);
  chmodSync(path, mode);
  expect(openSigningKey(path)).toEqual({
    ok: false,
    error: `the audit key ${path} has mode 0${mode.toString(8)}, so others may read or change it: chmod 600 ${path}`,
  });
});

test.each([
  ['text', 'no key at all'],
  [
    'an RSA key',
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ],
  ['a public key', publicKeyPem(generateKeyPairSync('ed25519').publicKey)],
])('%s is no key to sign with', (_name, content) => {
  const path = fresh();
  writeFileSync(path, content, { mode: 0o600 });
  expect(openSigningKey(path)).toEqual({ ok: false, error: `${path} holds no Ed25519 private key in PEM` });
  expect(readFileSync(path, 'utf8')).toBe(content);
});

test('a place that holds no file says so', () => {
  const directory = join(root, 'a-directory');
  mkdirSync(directory, { mode: 0o700 });
  expect(openSigningKey(directory)).toEqual({
    ok: false,
    error: expect.stringMatching(/^the audit key .*a-directory cannot be read: EISDIR/),
  });
  writeFileSync(join(root, 'a-file'), '');
  expect(openSigningKey(join(root, 'a-file', 'key'))).toEqual({
    ok: false,
    error: expect.stringMatching(/^the audit key .* cannot be/),
  });
});

describe('a public key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKeyPem(publicKey);

  test('is read as it was written', () => {
    const parsed = parsePublicKey(pem);
    expect(parsed.ok && publicKeyPem(parsed.value)).toBe(pem);
  });

  test.each([
    ['nothing', '', 'it is no public key in PEM'],
    ['a private key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /^it is a private key/],
    [
      'another kind of key',
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'it is a key of type x25519, not Ed25519',
    ],
    ['without its last line feed', pem.trimEnd(), /^it is not exactly as PEM is written/],
    ['with something before it', `x\n${pem}`, /^it is not exactly as PEM is written/],
  ])('%s is refused', (_name, text, error) => {
    expect(parsePublicKey(text)).toEqual({ ok: false, error: expect.stringMatching(error) });
  });
});
