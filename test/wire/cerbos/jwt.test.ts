import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { jwtVerifier } from '../../../src/wire/cerbos/jwt.ts';
import { openServer } from '../server-under-test.ts';

const NOW = Date.parse('2030-01-01T12:00:00Z');
const SECONDS = NOW / 1000;

const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
const JWK = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES384' };
const sign = (claims: object, header: { readonly [name: string]: string } = { kid: 'k1' }, key = privateKey) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES384', ...header }).sign(key);
const jwk = (key: object) => ({ id: 'main', format: 'jwk', text: JSON.stringify(key) }) as const;

async function verify(token: string, keySet?: string, sources: Parameters<typeof jwtVerifier>[0] = [jwk(JWK)]) {
  const verifier = await jwtVerifier(sources, () => NOW);
  if (!verifier.ok) throw new Error(verifier.error);
  return verifier.value(token, keySet);
}

describe('JWTs of the aux data', () => {
  it('gives the claims as Cerbos does', async () => {
    const token = await sign({ sub: 'x', aud: 'me', exp: SECONDS + 60, iat: SECONDS, n: 1.5, o: { k: [1, null] } });
    const claims = {
      sub: 'x',
      aud: ['me'],
      exp: '2030-01-01T12:01:00Z',
      iat: '2030-01-01T12:00:00Z',
      n: 1.5,
      o: { k: [1, null] },
    };
    for (const set of [undefined, '', 'main']) expect(await verify(token, set)).toEqual({ ok: true, value: claims });
    expect(await verify(token, 'main', [jwk({ keys: [JWK] })])).toMatchObject({ ok: true });
  });

  it.each<[string, object, { readonly [name: string]: string }?]>([
    ['expired', { exp: SECONDS - 1 }],
    ['not yet valid', { nbf: SECONDS + 60 }],
    ['issued in the future', { iat: SECONDS + 60 }],
    ['of another key', {}, { kid: 'k2' }],
    ['without a key id', {}, {}],
  ])('refuses one that is %s', async (_, claims, header) => {
    expect(await verify(await sign({ sub: 'x', ...claims }, header))).toMatchObject({ ok: false });
  });

  it('refuses what another key signed, what nobody signed, and what is no token', async () => {
    const other = await generateKeyPair('ES384');
    expect(await verify(await sign({ sub: 'x' }, { kid: 'k1' }, other.privateKey))).toMatchObject({ ok: false });
    const [header, body] = (await sign({ sub: 'x' })).split('.');
    const none = Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url');
    expect(await verify(`${none}.${body}.`)).toMatchObject({ ok: false });
    expect(await verify(`${header}.${body}.`)).toMatchObject({ ok: false });
    expect(await verify('abc')).toMatchObject({ ok: false });
  });

  it('wants the set named where there are several, and only by names that there are', async () => {
    const token = await sign({ sub: 'x' });
    const two = [jwk(JWK), { ...jwk(JWK), id: 'other' }];
    expect(await verify(token, undefined, two)).toMatchObject({ ok: false });
    expect(await verify(token, 'other', two)).toMatchObject({ ok: true });
    expect(await verify(token, 'third', two)).toMatchObject({ ok: false });
  });

  it.each([
    ['missing key ID (kid)', { ...JWK, kid: undefined }],
    ['empty key ID (kid)', { ...JWK, kid: '' }],
    ['missing algorithm (alg)', { ...JWK, alg: undefined }],
    ['invalid algorithm (alg)', { ...JWK, alg: 'none' }],
    ['not a key', { kid: 'k', alg: 'ES384', kty: 'EC' }],
  ])('refuses key sets: %s', async (message, key) => {
    const verifier = await jwtVerifier([jwk(key)], () => NOW);
    expect(verifier).toMatchObject({ ok: false, error: expect.stringContaining(message) });
  });

  it('takes keys in PEM for any key id, and only for their algorithm', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const pem = {
      id: 'p',
      format: 'pem',
      text: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    } as const;
    const token = await new SignJWT({ sub: 'x' }).setProtectedHeader({ alg: 'ES384' }).sign(pair.privateKey);
    expect(await verify(token, undefined, [pem])).toMatchObject({ ok: true, value: { sub: 'x' } });
    expect(await verify(await sign({ sub: 'x' }), undefined, [pem])).toMatchObject({ ok: false });
  });

  it('policies see the claims of the request', async () => {
    const policy = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: report
  version: default
  rules:
    - { actions: [read], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: { expr: request.auxData.jwt.sub == "x" } } }
`;
    const files = [{ path: 'policies/report.yaml', text: policy }];
    await using server = openServer({ files, dev: true, cerbos: { keySets: [jwk(JWK)] } });
    const ask = async (token: string) =>
      server.ask('POST', '/api/check/resources', {
        body: {
          principal: { id: 'ann', roles: ['x'] },
          resources: [{ actions: ['read'], resource: { kind: 'report', id: '1' } }],
          auxData: { jwt: { token } },
        },
      });
    expect((await ask(await sign({ sub: 'x' }))).json.results[0].actions).toEqual({ read: 'EFFECT_ALLOW' });
    expect((await ask(await sign({ sub: 'y' }))).json.results[0].actions).toEqual({ read: 'EFFECT_DENY' });
    expect(await ask('abc')).toMatchObject({ status: 400, json: { code: 3 } });
  });
});
