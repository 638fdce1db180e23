import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyId, openNote, type Signer, signNote } from '../../../src/audit/checkpoints/signed-note.ts';

function signer(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { publicKey, sign: (bytes) => sign(null, bytes, privateKey) };
}

const key = signer();
const TEXT = 'one line\n\nand another: ü\n';
const note = signNote(TEXT, 'example.org/log', key);
const signatureLine = note.slice(note.lastIndexOf('—'));

test('the key id is the one that others compute: that of the public key of sum.golang.org', () => {
  // RFC 8410: what a public key of 32 bytes has before it in DER.
  const spki = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from('Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8', 'base64').subarray(1),
  ]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  expect(keyId('sum.golang.org', publicKey).toString('hex')).toBe('033de0ae');
});

test('a note is its text, an empty line and a signature by name, id and Ed25519', () => {
  expect(note.startsWith(`${TEXT}\n— example.org/log `)).toBe(true);
  const bytes = Buffer.from(signatureLine.split(' ')[2] ?? '', 'base64');
  expect(bytes.length).toBe(4 + 64);
  expect(bytes.subarray(0, 4)).toEqual(keyId('example.org/log', key.publicKey));
  expect(openNote(note, 'example.org/log', key.publicKey)).toEqual({ ok: true, value: TEXT });
});

test('no changed byte of a note is believed', () => {
  const bytes = Buffer.from(note);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ change;
      expect(openNote(changed.toString(), 'example.org/log', key.publicKey).ok).toBe(false);
    }),
    { seed: 3, numRuns: 800 },
  );
});

test('signatures of others stand beside it, up to a limit', () => {
  const other = signNote(TEXT, 'witness.example', signer());
  const line = other.slice(other.lastIndexOf('—'));
  const both = note.replace(signatureLine, `${line}${signatureLine}`);
  expect(openNote(both, 'example.org/log', key.publicKey)).toEqual({ ok: true, value: TEXT });
  expect(openNote(note + line.repeat(15), 'example.org/log', key.publicKey).ok).toBe(true);
  expect(openNote(note + line.repeat(64), 'example.org/log', key.publicKey)).toEqual({
    ok: false,
    error: 'it has more than 64 signatures',
  });
});

describe('what is not believed says why', () => {
  const otherKey = signer();
  test.each([
    ['another key of the name', signNote(TEXT, 'example.org/log', otherKey), /^it is signed by .* not by example.org/],
    ['another name of the key', signNote(TEXT, 'example.org/else', key), /^it is signed by example.org\/else \(key id/],
    ['another text', note.replace('one', 'two'), /^the signature of example.org\/log is wrong/],
    ['no signature', TEXT, /^a line below the text is no signature$/],
    ['no note', 'something', /^it is no signed note/],
    ['Windows lines', note.replaceAll('\n', '\r\n'), /^it is no signed note/],
    ['a hyphen', note.replace('— ', '- '), /^a line below the text is no signature$/],
    ['nothing behind the text', `${TEXT}\n\n`, /^a line below the text is no signature$/],
    ['base64 with spare bits', note.replace(/.=\n$/, '9=\n'), /is not in plain base64$/],
  ])('%s', (_name, given, error) => {
    const opened = openNote(given, 'example.org/log', key.publicKey);
    expect(opened).toEqual({ ok: false, error: expect.stringMatching(error) });
  });

  test('a wrong signature of the key beside a right one', () => {
    const wrong = signNote('another text\n', 'example.org/log', key);
    const both = note + wrong.slice(wrong.lastIndexOf('—'));
    expect(openNote(both, 'example.org/log', key.publicKey).ok).toBe(false);
  });
});

test.each([
  ['without a line feed', 'name'],
  ['a\ttab\n', 'name'],
  ['text\n', 'a name'],
  ['text\n', 'a+name'],
  ['text\n', ''],
])('%j by %j is not signed', (text, name) => {
  expect(() => signNote(text, name, key)).toThrow();
});
