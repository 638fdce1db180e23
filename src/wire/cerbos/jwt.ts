import { createPublicKey, type KeyObject } from 'node:crypto';
import { importJWK, type JWK, type JWTVerifyGetKey, jwtVerify, type ProtectedHeaderParameters } from 'jose';
import type { Attributes, Json } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { App, KeySetSource } from '../app.ts';

/** A key and the one algorithm that it is for. */
interface Key {
  /** Absent in PEM, which has no place for it: the key is then for any token. */
  readonly kid: string | undefined;
  readonly algorithms: readonly string[];
  readonly key: KeyObject | Awaited<ReturnType<typeof importJWK>>;
}

export type VerifyJwt = (token: string, keySet: string | undefined) => Promise<Result<Attributes, string>>;

/** What the routes of the Cerbos door open onto. */
export interface CerbosApp extends App {
  /** Absent: no key sets are configured. */
  readonly verifyJwt?: VerifyJwt;
}

/** Claims that are moments (RFC 7519, section 4.1): policies see them as RFC 3339 texts, as in Cerbos. */
const MOMENTS = ['exp', 'nbf', 'iat'];

/**
 * Verifies the tokens of Cerbos's aux data: signature by a key of the named set (the only one where none is named),
 * `exp`, `nbf` and `iat`. Or says what is wrong with the key sets, before anything is verified with them.
 *
 * A JWK states its `kid` and `alg` (Cerbos), so that a token cannot choose how it is verified.
 *
 * @param now milliseconds since 1970
 */
export async function jwtVerifier(
  sources: readonly KeySetSource[],
  now: () => number,
): Promise<Result<VerifyJwt, string>> {
  const sets = new Map<string, readonly Key[]>();
  for (const source of sources) {
    const keys = await parseKeys(source);
    if (!keys.ok) return err(`the key set ${source.id}: ${keys.error}`);
    sets.set(source.id, keys.value);
  }
  return ok(async (token, keySet) => {
    const [only] = sets.size === 1 ? sets.values() : [];
    const keys = keySet === undefined || keySet === '' ? only : sets.get(keySet);
    if (keys === undefined) return err(`no such key set: name one of ${[...sets.keys()].join(', ')} as keySetId`);
    try {
      const { payload } = await jwtVerify(token, findKey(keys), { currentDate: new Date(now()) });
      if (payload.iat !== undefined && payload.iat * 1000 > now()) return err('the token was issued in the future');
      return ok(toClaims(payload as { readonly [claim: string]: Json }));
    } catch (fault) {
      return err(messageOf(fault));
    }
  });
}

async function parseKeys({ format, text }: KeySetSource): Promise<Result<readonly Key[], string>> {
  try {
    if (format === 'pem') {
      const key = createPublicKey(text);
      return ok([{ kid: undefined, algorithms: algorithmsOf(key), key }]);
    }
    const parsed = JSON.parse(text) as { readonly keys?: readonly JWK[] } & JWK;
    const keys: Key[] = [];
    for (const [index, jwk] of (parsed.keys ?? [parsed]).entries()) {
      const fault = faultOf(jwk);
      if (fault !== undefined) return err(`key ${index}: ${fault}`);
      const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...open } = jwk;
      keys.push({ kid: jwk.kid, algorithms: [jwk.alg ?? ''], key: await importJWK(open, jwk.alg) });
    }
    return ok(keys);
  } catch (fault) {
    return err(`not a key: ${messageOf(fault)}`);
  }
}

function faultOf({ kid, alg }: JWK): string | undefined {
  if (kid === undefined) return 'missing key ID (kid)';
  if (kid === '') return 'empty key ID (kid)';
  if (alg === undefined) return 'missing algorithm (alg)';
  return /^(?:[REPH]S(?:256|384|512)|EdDSA|Ed25519)$/.test(alg) ? undefined : 'invalid algorithm (alg)';
}

/** What a key without a stated algorithm is for, by its kind (RFC 7518, section 3.1). */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    case 'ec':
      return [
        { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }[asymmetricKeyDetails?.namedCurve ?? ''] ?? '',
      ];
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}

function findKey(keys: readonly Key[]): JWTVerifyGetKey {
  return ({ kid, alg = '' }: ProtectedHeaderParameters & { readonly kid?: string; readonly alg?: string }) => {
    const found = keys.find((one) => (one.kid === undefined || one.kid === kid) && one.algorithms.includes(alg));
    if (found === undefined) throw new Error('no key of the set has the kid and alg of the token');
    return found.key;
  };
}

function toClaims(payload: { readonly [claim: string]: Json }): Attributes {
  const claims: { [claim: string]: Json } = { ...payload };
  if (typeof claims.aud === 'string') claims.aud = [claims.aud];
  for (const name of MOMENTS) {
    const seconds = claims[name];
    if (typeof seconds === 'number') claims[name] = new Date(seconds * 1000).toISOString().replace(/\.000Z$/, 'Z');
  }
  return claims;
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
