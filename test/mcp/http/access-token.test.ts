import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { tokenVerifier, type VerifyToken } from '../../../src/mcp/http/access-token.ts';
import type { TokenOptions } from '../../../src/mcp/http/proxy-options.ts';

const ISSUER = 'https://login.example.com';
const AUDIENCE = 'https://mcp.example.com/mcp';
const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'alice',
  client_id: 'helper-app',
  exp: Math.floor(Date.now() / 1000) + 600,
};
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'one' };

let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let stranger: Awaited<ReturnType<typeof generateKeyPair>>;
let jwk: object;
let verify: VerifyToken;

beforeAll(async () => {
  [keys, stranger] = await Promise.all([
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
  ]);
  jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one' };
  verify = verifier({});
});

function verifier(options: Partial<TokenOptions>): VerifyToken {
  const opened = tokenVerifier({ keys: { keys: [jwk] }, issuer: ISSUER, audience: AUDIENCE, ...options });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

function sign(claims: object = CLAIMS, header: object = {}, key = keys.privateKey): Promise<string> {
  return new SignJWT(claims as JWTPayload).setProtectedHeader({ ...HEADER, ...header }).sign(key);
}

function part(value: object): string {
  return base64url.encode(JSON.stringify(value));
}

test('a token names the person and the client', async () => {
  expect(await verify(await sign())).toEqual({
    ok: true,
    value: { person: 'user:alice', client: 'helper-app', claims: CLAIMS },
  });
});

test.each<[string, object, object]>([
  ['of type JWT', CLAIMS, { typ: 'JWT' }],
  ['of the whole media type', CLAIMS, { typ: 'application/AT+JWT' }],
  ['for several audiences', { ...CLAIMS, aud: ['https://other.example', AUDIENCE] }, {}],
  ['of an issuer that says azp', { ...CLAIMS, client_id: undefined, azp: 'helper-app' }, {}],
  ['without kid, of the only key', CLAIMS, { kid: undefined }],
])('a token %s is accepted', async (_, claims, header) => {
  expect(await verify(await sign(claims, header))).toMatchObject({ ok: true });
});

const past = Math.floor(Date.now() / 1000) - 1;

test.each<[string, object, object, string]>([
  ['of another issuer', { ...CLAIMS, iss: `${ISSUER}/` }, {}, 'iss'],
  ['for another audience', { ...CLAIMS, aud: 'https://mcp.example.com' }, {}, 'aud'],
  ['for nobody', { ...CLAIMS, aud: undefined }, {}, 'aud'],
  ['that has expired', { ...CLAIMS, exp: past }, {}, 'expired'],
  ['that never expires', { ...CLAIMS, exp: undefined }, {}, 'exp'],
  ['from tomorrow', { ...CLAIMS, nbf: past + 90_000 }, {}, 'nbf'],
  ['of nobody', { ...CLAIMS, sub: undefined }, {}, 'sub'],
  ['of an empty subject', { ...CLAIMS, sub: '' }, {}, 'sub'],
  ['of no client', { ...CLAIMS, client_id: undefined }, {}, 'client'],
  ['of an empty client', { ...CLAIMS, client_id: '', azp: 'helper-app' }, {}, 'client'],
  ['of another kind', CLAIMS, { typ: 'dpop+jwt' }, 'typ'],
  ['of no kind', CLAIMS, { typ: undefined }, 'typ'],
  ['of an unknown key', CLAIMS, { kid: 'two' }, 'key'],
])('a token %s is refused', async (_, claims, header, why) => {
  expect(await verify(await sign(claims, header))).toEqual({ ok: false, error: expect.stringContaining(why) });
});

test('a token that is bound to a key is none without the proof', async () => {
  expect(await verify(await sign({ ...CLAIMS, cnf: { jkt: 'x' } }))).toMatchObject({
    ok: false,
    error: expect.stringContaining('cnf'),
  });
});

test('what act claims is told, and act that names nobody is refused', async () => {
  const chained = await verify(await sign({ ...CLAIMS, act: { sub: 'helper-app' } }));
  expect(chained).toMatchObject({ ok: true, value: { chain: ['user:alice', { name: 'helper-app' }] } });
  expect(await verify(await sign({ ...CLAIMS, act: 'helper-app' }))).toMatchObject({ ok: false });
});

test('only what the issuer’s key has signed counts', async () => {
  expect((await verify(await sign(CLAIMS, {}, stranger.privateKey))).ok).toBe(false);
  const [header, , signature] = (await sign()).split('.');
  expect((await verify(`${header}.${part({ ...CLAIMS, sub: 'bob' })}.${signature}`)).ok).toBe(false);
  for (const alg of ['none', 'NONE', 'None']) {
    expect((await verify(`${part({ ...HEADER, alg })}.${part(CLAIMS)}.`)).ok).toBe(false);
  }
  const critical = part({ ...HEADER, crit: ['more'], more: 1 });
  for (const text of [
    '',
    'x',
    `${critical}.${part(CLAIMS)}.${signature}`,
    'a.b.c',
    `${header}..${signature}`,
    'a.b.c.d.e',
  ]) {
    expect((await verify(text)).ok, text).toBe(false);
  }
});

test('the public key is not taken for a shared secret', async () => {
  const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey));
  const token = await new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg: 'HS256' }).sign(secret);
  expect(await verify(token)).toMatchObject({ ok: false, error: expect.stringContaining('ES256') });
});

test('no two subjects are one person', async () => {
  const subjects = ['a b', 'a%20b', 'a*b', 'a/', 'a', 'auth0|1', 'alice@example.com', '..', 'a#b'];
  const people: string[] = [];
  for (const sub of subjects) {
    const verified = await verify(await sign({ ...CLAIMS, sub }));
    if (!verified.ok) throw new Error(verified.error);
    people.push(verified.value.person);
  }
  expect(people).toEqual([
    'user:a%20b',
    'user:a%2520b',
    'user:a%2Ab',
    'user:a%2F',
    'user:a',
    'user:auth0|1',
    'user:alice@example.com',
    'user:%2E%2E',
    'user:a%23b',
  ]);
  expect((await verify(await sign({ ...CLAIMS, sub: 'x'.repeat(257) }))).ok).toBe(false);
});

test('another claim may name the person', async () => {
  const byMail = verifier({ subject: 'email' });
  expect(await byMail(await sign({ ...CLAIMS, email: 'alice@example.com' }))).toMatchObject({
    value: { person: 'user:alice@example.com' },
  });
  expect((await byMail(await sign())).ok).toBe(false);
  expect((await byMail(await sign({ ...CLAIMS, email: 7 }))).ok).toBe(false);
});

test('keys are fetched from the issuer; while they cannot be had nobody is refused as wrong', async () => {
  let isDown = false;
  const issuer = createServer((_, reply) => {
    if (isDown) reply.writeHead(503).end();
    else reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`;
  expect(await verifier({ keys: url })(await sign())).toMatchObject({ ok: true });
  isDown = true;
  await expect(verifier({ keys: url })(await sign())).rejects.toThrow();
  issuer.close();
});

test.each<[string, Partial<TokenOptions>]>([
  ['keys over plain HTTP', { keys: 'http://login.example.com/keys' }],
  ['keys at no address', { keys: 'keys.json' }],
  ['no keys', { keys: { keys: [] } }],
  ['a shared secret', { keys: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
  ['a private key', { keys: { keys: [{ kty: 'EC', d: 'x' }] } }],
  ['no JWK', { keys: { keys: [{}] } }],
  ['no issuer', { issuer: '' }],
  ['no audience', { audience: '' }],
])('%s is a mistake in the configuration', (_, options) => {
  expect(tokenVerifier({ keys: { keys: [jwk] }, issuer: ISSUER, audience: AUDIENCE, ...options }).ok).toBe(false);
});
