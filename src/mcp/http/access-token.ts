import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { Attributes, ClaimedPrincipal } from '../../client/types.ts';
import { nameToId } from '../../core/cerbos-name.ts';
import { toEntity } from '../../core/entity.ts';
import { isLoopbackHost } from '../../core/loopback.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { claimedChain, isBoundToKey } from '../token-claims.ts';
import type { TokenOptions } from './proxy-options.ts';

/** Whom a verified token names. */
export interface TokenHolder {
  /** The person, `user:alice`. */
  readonly person: string;
  /** The client that the token was issued to, by the issuer's name for it. */
  readonly client: string;
  readonly claims: Attributes;
  /** The chain that it claims, if it claims one. */
  readonly chain: readonly ClaimedPrincipal[] | undefined;
}

/** Says whose an access token is, or why it is not accepted. Throws where the issuer's keys cannot be had. */
export type VerifyToken = (token: string) => Promise<Result<TokenHolder, string>>;

/** Signatures that a public key verifies. A shared secret or `none` would let whoever knows the public key sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** RFC 9068, section 4, and the type that most issuers write; others (`dpop+jwt`, `logout+jwt`) are other things. */
const TYPES: ReadonlySet<string> = new Set(['at+jwt', 'jwt']);

/** What may be wrong with a token. Anything else that verifying throws is a fault of ours or of the key server. */
const TOKEN_FAULTS: { readonly [code: string]: string } = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JWS_INVALID: 'it is malformed',
  ERR_JWT_INVALID: 'it is malformed',
  ERR_JOSE_ALG_NOT_ALLOWED: `it is not signed with one of ${ALGORITHMS.join(', ')}`,
  ERR_JOSE_NOT_SUPPORTED: 'it is signed in a way that is not supported',
  ERR_JWKS_NO_MATCHING_KEY: 'it is signed with a key that is none of the issuer’s',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'it does not say with which of the issuer’s keys it is signed (kid)',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is not valid',
};

const BOUND = 'it is bound to a key (cnf), whose possession is not verified here: take one that is not bound';

/**
 * Verifies JWT access tokens (RFC 9068; RFC 8725 for what to insist on): signature, issuer, audience, `exp` and `nbf`.
 *
 * A proxy takes tokens of one issuer only. Subjects are unique within their issuer (OpenID Connect Core, section 2), so
 * with two of them `alice` of one could be taken for `alice` of the other, who is the same `user:alice` here (design,
 * section 4).
 */
export function tokenVerifier(options: TokenOptions): Result<VerifyToken, string> {
  const { issuer, audience, subject = 'sub' } = options;
  if (issuer === '' || audience === '' || subject === '') {
    return err('access tokens need the issuer, the audience and the claim of the subject: none may be empty');
  }
  const keys = openKeys(options.keys);
  if (!keys.ok) return keys;
  return ok(async (token) => {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys.value, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', subject],
      });
      if (!TYPES.has((protectedHeader.typ ?? '').toLowerCase().replace(/^application\//, ''))) {
        return err('its type (typ) is not at+jwt or JWT');
      }
      if (isBoundToKey(payload)) return err(BOUND);
      return toHolder(payload, subject);
    } catch (fault) {
      if (!(fault instanceof errors.JOSEError)) throw fault;
      if (fault instanceof errors.JWTClaimValidationFailed) return err(`its claim ${fault.claim} is not acceptable`);
      const wrong = TOKEN_FAULTS[fault.code];
      if (wrong === undefined) throw fault;
      return err(wrong);
    }
  });
}

/**
 * The person is named by the claim, with what an id may not hold percent-encoded (`nameToId`), so that two subjects
 * never become one. The client is `client_id` (RFC 9068), or `azp` where the issuer follows OpenID Connect: a token
 * that names none would ask for the person alone.
 */
function toHolder(claims: Attributes, subject: string): Result<TokenHolder, string> {
  const { [subject]: name, client_id: clientId, azp } = claims;
  if (typeof name !== 'string') return err(`its claim ${subject} is not text`);
  const person = toEntity('user', nameToId(name));
  if (!person.ok) return err(`its claim ${subject} cannot name a user: ${person.error}`);
  const client = clientId ?? azp;
  if (typeof client !== 'string' || client === '') {
    return err('it does not say which client it was issued to (client_id or azp)');
  }
  const chain = claimedChain(claims, person.value);
  if (!chain.ok) return chain;
  return ok({ person: person.value, client, claims, chain: chain.value });
}

function openKeys(keys: TokenOptions['keys']): Result<JWTVerifyGetKey, string> {
  if (typeof keys === 'string') {
    const url = URL.canParse(keys) ? new URL(keys) : undefined;
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
    if (url === undefined || !isSafe) return err(`the keys of the issuer are at an https address, not at "${keys}"`);
    return ok(createRemoteJWKSet(url));
  }
  const set = toKeySet(keys);
  return set.ok ? ok(createLocalJWKSet(set.value)) : set;
}

function toKeySet({ keys }: { readonly keys: readonly object[] }): Result<JSONWebKeySet, string> {
  if (!Array.isArray(keys) || keys.length === 0) return err('the keys of the issuer are a JWK set: {"keys": [...]}');
  const public_: JSONWebKeySet['keys'] = [];
  for (const [index, key] of keys.entries()) {
    const { kty, d, k } = (key ?? {}) as { readonly kty?: unknown; readonly d?: unknown; readonly k?: unknown };
    if (typeof kty !== 'string') return err(`the issuer's key ${index} is no JWK: it has no "kty"`);
    if (d !== undefined || k !== undefined) {
      return err(`the issuer's key ${index} is a secret: give its public key`);
    }
    public_.push({ ...key, kty });
  }
  return ok({ keys: public_ });
}
